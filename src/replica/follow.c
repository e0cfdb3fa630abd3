/* States of the link (enum follow_state), in the usual order:
 *
 *   CONNECT     until `try_ms`: at once after REPLICAOF and after a link that was up, else as
 *               replica/retry says
 *   CONNECTING  io/dial
 *   PING        one request, one reply: is the primary there, and does it want a password
 *   INTRODUCE   AUTH and REPLCONFs in one write (replica/handshake)
 *   ASK         PSYNC with our ID and the next byte, or ? -1. +CONTINUE: connected. +FULLRESYNC:
 *               TRANSFER. -LOADING and the like: later. Anything else: SYNC on the same link
 *   TRANSFER    replica/receive; when complete and valid, replica/adopt replaces our data by it,
 *               with turns in between. Only then the journal is the primary's
 *   CONNECTED   replica/apply; an ACK each second and when asked
 *
 * Any failure drops the link, as does silence for repl-timeout; our data, their ID and offset stay,
 * and the next attempt asks for what is missing. `knows` is false if our data have no place in any
 * history, and everything is asked for: after a start without files, after a failed load that had
 * deleted the old data, and after bytes that were no command stream.
 *
 * A fetch takes the same way once, for an unconfirmed primary: from a replica that is ahead, whose
 * replies are accepted only if they do not set us back. However it ends, it is not repeated, and
 * replica/confirm decides what follows.
 *
 * Lines and the snapshot are collected in `in`; the stream is read straight into apply's buffer. */
#include "replica/follow.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/client.h"
#include "engine/state.h"
#include "io/listen.h"
#include "replica/adopt.h"
#include "replica/apply.h"
#include "replica/handshake.h"
#include "replica/link.h"
#include "replica/own_ack.h"
#include "replica/promise.h"
#include "replica/receive.h"
#include "replica/retry.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE       4096 /* longest reply */
#define READ_PIECE ((size_t)128 << 10)

struct follow {
    struct replication *r;
    char *host;
    int port;
    enum follow_state state;
    bool fetches; /* for an unconfirmed primary: once, and the role stays */
    bool ended;   /* the fetch is over, successfully or not */
    bool knows;
    bool loads;   /* in TRANSFER: services.load() is running */
    bool by_sync; /* the primary has no PSYNC, and so no offsets */
    bool was_up;  /* since this primary was set */
    int db;       /* the stream's database; -1: unknown */
    struct link link;
    struct handshake handshake;
    struct receive *receive;
    struct apply *apply;
    struct own_ack ack;
    struct retry retry;
    int64_t try_ms, io_ms, ticked_ms;
    struct timer timer;
    bool due;
};

static void timer_due(struct timer *t)
{
    dlist_item(t, struct follow, timer)->due = true;
}

static int64_t now(const struct follow *f)
{
    return f->r->engine->steady_ms;
}

/* Sets the timer for the next connection attempt or the next tick. */
static void set_timer(struct follow *f)
{
    int64_t at = f->state == FOLLOW_CONNECT ? f->try_ms : f->ticked_ms + 1000;
    timer_set(&f->r->engine->timers, &f->timer, TIMER_STEADY, at, timer_due);
}

static void set_state(struct follow *f, enum follow_state state)
{
    f->state = state;
    if (!f->fetches)
        state_set_role(f->r->engine,
                       state == FOLLOW_CONNECTED ? ROLE_REPLICA_UP : ROLE_REPLICA_DOWN);
    set_timer(f);
}

struct follow *follow_new(struct replication *r, const char *host, int port, bool knows,
                          bool fetches)
{
    struct follow *f = mem_zalloc(sizeof(*f));
    const struct journal *j = r->engine->journal;
    f->r = r;
    f->host = mem_copy_text(host, strlen(host));
    f->port = port;
    f->knows = knows;
    f->fetches = fetches;
    f->db = j->stream_db;
    f->due = true;
    retry_begin(&f->retry, now(f));
    f->ticked_ms = f->try_ms = now(f);
    set_state(f, FOLLOW_CONNECT);
    return f;
}

/* ---- Dropping the link */

static void forget_apply(struct follow *f)
{
    if (!f->apply)
        return;
    f->db = apply_db(f->apply);
    apply_free(f->apply);
    f->apply = NULL;
}

/* Drops the link and everything received; the next attempt is in delay_ms. */
static void drop(struct follow *f, int64_t delay_ms)
{
    bool was_up = f->state == FOLLOW_CONNECTED;
    forget_apply(f);
    receive_free(f->receive);
    f->receive = NULL;
    link_drop(&f->link);
    own_ack_forget(&f->ack);
    f->by_sync = false;
    f->try_ms = now(f) + delay_ms;
    if (was_up)
        retry_begin(&f->retry, now(f));
    f->ended = f->fetches;
    set_state(f, FOLLOW_CONNECT);
}

/* The attempt has failed: delays the next one. */
static void fail(struct follow *f)
{
    drop(f, retry_failed(&f->retry, now(f)));
}

static void lost(struct follow *f, const char *why)
{
    if (f->state == FOLLOW_CONNECTED) {
        log_line(LOG_WARNING, "Connection with master lost.%s%s", *why ? " " : "", why);
        log_line(LOG_NOTICE, "Caching the disconnected master state.");
        drop(f, 0);
        return;
    }
    bool syncs = f->state == FOLLOW_TRANSFER;
    log_line(LOG_WARNING, "%s: %s",
             syncs ? "I/O error trying to sync with MASTER" : "Error condition on socket for SYNC",
             *why ? why : "connection lost");
    fail(f);
}

void follow_free(struct follow *f)
{
    if (!f)
        return;
    drop(f, 0);
    timer_stop(&f->r->engine->timers, &f->timer);
    mem_free(f->host);
    mem_free(f);
}

void follow_turn_to(struct follow *f, const char *host, int port)
{
    char *copy = mem_copy_text(host, strlen(host));
    mem_free(f->host);
    f->host = copy;
    f->port = port;
    f->was_up = false;
    drop(f, 0);
    retry_begin(&f->retry, now(f));
    f->due = true;
}

/* ---- Acknowledging */

/* Sends an ACK if one is due, with the offsets applied and in our file. */
static void acknowledge(struct follow *f, int64_t at_ms)
{
    const struct engine *e = f->r->engine;
    const struct gate_promise *p = &e->gate.promise;
    const struct handshake *h = &f->handshake;
    struct own_ack_file file = {
        .filed = journal_filed(e->journal), .synced = p->durable ? p->synced : 0, .open = p->open};
    if (f->state != FOLLOW_CONNECTED || !own_ack_is_due(&f->ack, &file, at_ms))
        return;
    /* PROMISE: before the ACK, which implies it. */
    if (!f->fetches && !promise_give(f->r, h->own, h->own_offset)) {
        lost(f, "Its replication ID has a lower generation than one already confirmed");
        return;
    }
    uint64_t offset = own_ack_tell(&f->ack, &file, apply_offset(f->apply), at_ms);
    if (f->by_sync)
        chain_add(&f->link.out, BYTES("\n"));
    else
        handshake_acknowledge(&f->link.out, offset, file.open ? &file.synced : NULL);
}

/* ---- The link is up */

static void connected(struct follow *f)
{
    char address[64], local[64];
    int fd = conn_fd(f->link.conn);
    listen_addresses(fd, address, local, sizeof(address));
    f->apply = apply_new(f->r, &(struct apply_options){.address = address,
                                                       .local_address = local,
                                                       .fd = fd,
                                                       .db = f->db,
                                                       .foreign = f->handshake.foreign});
    f->knows = !f->by_sync;
    f->was_up = f->ack.due = true;
    retry_end(&f->retry);
    promise_data_came(f->r);
    set_state(f, FOLLOW_CONNECTED);
}

/* ---- A snapshot */

static void begin_transfer(struct follow *f)
{
    char path[64];
    bool verify = f->r->engine->settings->rdbchecksum;
    snprintf(path, sizeof(path), "temp-repl-%d.rdb", (int)getpid());
    f->receive = receive_new(adopt_needs_no_disk(f->r) ? NULL : path, verify);
    set_state(f, FOLLOW_TRANSFER);
    if (f->by_sync) {
        log_line(LOG_NOTICE, "Retrying with SYNC...");
        chain_add(&f->link.out, BYTES("SYNC\r\n"));
    }
}

/* The snapshot is complete: loads it. */
static void load(struct follow *f)
{
    const struct handshake *h = &f->handshake;
    f->loads = true;
    f->ticked_ms = now(f) - 1000;
    follow_load_turn(f);
    enum replication_load end =
        adopt_snapshot(f->r, receive_path(f->receive), f->by_sync ? NULL : h->new_id, h->offset);
    f->loads = false;
    if (end == REPLICATION_STOPPED)
        return;
    f->ticked_ms = f->io_ms = now(f);
    f->knows = f->knows && end == REPLICATION_KEPT;
    if (end != REPLICATION_LOADED) {
        fail(f);
        return;
    }
    receive_free(f->receive);
    f->receive = NULL;
    f->db = f->r->engine->journal->db;
    connected(f);
}

/* True: some input was consumed, and the link is still up. */
static bool transfer(struct follow *f)
{
    size_t used;
    enum receive_state state = receive_take(f->receive, buf_bytes(&f->link.in), &used);
    buf_consume(&f->link.in, used);
    if (state == RECEIVE_FAILED)
        fail(f);
    else if (state == RECEIVE_WHOLE)
        load(f);
    return used > 0 && state != RECEIVE_FAILED;
}

/* ---- Replies */

static void take_ping_reply(struct follow *f, struct bytes line)
{
    enum handshake_answer a = handshake_ping(line);
    if (a != HANDSHAKE_GOES_ON) {
        drop(f, a == HANDSHAKE_LATER ? retry_failed(&f->retry, now(f)) : RETRY_LAST_MS);
        return;
    }
    const struct confirmation *c = &f->r->confirmation;
    const struct handshake_self self = {
        .run_id = f->r->run_id, .promise = c->promise, .whole = c->whole, .fetches = f->fetches};
    handshake_introduce(&f->handshake, f->r->engine->settings, &self, &f->link.out);
    set_state(f, FOLLOW_INTRODUCE);
}

static void take_introduction_reply(struct follow *f, struct bytes line)
{
    enum handshake_answer a = handshake_heard(&f->handshake, line);
    if (a == HANDSHAKE_REFUSED) {
        drop(f, RETRY_LAST_MS);
    } else if (a == HANDSHAKE_GOES_ON) {
        handshake_ask(&f->handshake, f->r->engine->journal, f->knows,
                      f->r->handover.state == HANDOVER_RUNS, &f->link.out);
        set_state(f, FOLLOW_ASK);
    }
}

static void take_psync_reply(struct follow *f, struct bytes line)
{
    const struct handshake *h = &f->handshake;
    enum handshake_answer a = handshake_answer(&f->handshake, line);
    bool granted = a == HANDSHAKE_REST || a == HANDSHAKE_FULL;
    f->r->handover.answer = granted ? HANDOVER_GRANTED : HANDOVER_REFUSED;
    /* LOOKING_AGAIN: it may have lost data since it asked us. */
    struct promise_place theirs = {h->new_id, h->offset};
    if (f->fetches && a != HANDSHAKE_REST &&
        (a != HANDSHAKE_FULL || !promise_is_ahead(theirs, promise_our_place(f->r))))
        a = HANDSHAKE_LATER;
    if (a == HANDSHAKE_FULL || a == HANDSHAKE_OLD) {
        f->by_sync = a == HANDSHAKE_OLD;
        begin_transfer(f);
    } else if (a == HANDSHAKE_REST) {
        if (*h->new_id)
            adopt_id(f->r, h->new_id);
        connected(f);
    } else {
        drop(f, retry_asked(&f->retry, a == HANDSHAKE_LATER && *h->own, now(f)));
    }
}

/* Handles one line of input; false: none is complete. Mere line ends keep a link alive. */
static bool take_line(struct follow *f)
{
    char line[LINE];
    size_t n;
    if (!handshake_line(&f->link.in, line, sizeof(line), &n)) {
        if (f->link.in.n >= sizeof(line))
            lost(f, "what it answers has no end");
        return false;
    }
    struct bytes text = bytes_of(line, n);
    if (n == 0)
        return true;
    if (f->state == FOLLOW_PING)
        take_ping_reply(f, text);
    else if (f->state == FOLLOW_INTRODUCE)
        take_introduction_reply(f, text);
    else
        take_psync_reply(f, text);
    return true;
}

/* ---- Input */

/* n bytes of the stream were put where apply_place() said. */
static bool take_stream(struct follow *f, size_t n)
{
    f->r->figures.bytes_in += n;
    apply_until(f->apply, f->link.turn_ends);
    if (!apply_run(f->apply, n)) {
        log_line(LOG_WARNING, "Protocol error in the replication stream: closing the link and "
                              "requesting a full resynchronization.");
        f->knows = false;
        drop(f, RETRY_LAST_MS);
        return false;
    }
    f->ack.asked |= apply_was_asked(f->apply, &f->ack.offset);
    f->ack.due |= promise_is_due(f->r, f->handshake.own, f->handshake.own_offset);
    return true;
}

/* Passes on the bytes after +CONTINUE, or after a snapshot. */
static bool take_rest(struct follow *f)
{
    size_t n = apply_put(f->apply, buf_bytes(&f->link.in));
    buf_consume(&f->link.in, n);
    return take_stream(f, n);
}

static void use_bytes(struct follow *f)
{
    bool more = true;
    while (more && f->link.in.n) {
        if (f->state == FOLLOW_CONNECTED)
            more = take_rest(f);
        else if (f->state == FOLLOW_TRANSFER)
            more = transfer(f);
        else
            more = f->state != FOLLOW_CONNECT && take_line(f);
    }
}

/* Reads once; returns how many bytes, 0: none now. */
static size_t read_once(struct follow *f)
{
    bool stream = f->state == FOLLOW_CONNECTED;
    size_t room = READ_PIECE;
    char *to = stream ? apply_place(f->apply, &room) : buf_room(&f->link.in, room);
    long n = link_read(&f->link, to, room < READ_PIECE ? room : READ_PIECE);
    if (n < 0)
        lost(f, n == -EPIPE ? "" : strerror((int)-n));
    if (n <= 0)
        return 0;
    f->io_ms = now(f);
    if (stream) {
        take_stream(f, (size_t)n);
    } else {
        f->r->figures.bytes_in += (uint64_t)n;
        f->link.in.n += (size_t)n;
        use_bytes(f);
    }
    return (size_t)n;
}

/* The primary is not read while our file cannot be written. */
static bool is_held(const struct follow *f)
{
    const struct engine *e = f->r->engine;
    return f->state == FOLLOW_CONNECTED && (e->slow_path & ENGINE_DISK_FAILED) &&
           !e->settings->replica_ignore_disk_write_errors;
}

/* The time of the last turn was up before everything received was applied. */
static bool is_behind(const struct follow *f)
{
    return f->apply && apply_has_more(f->apply);
}

/* Applies what the last turn left, then reads and applies more. */
static void read_link(struct follow *f)
{
    size_t n = 1;
    link_begin_turn(&f->link);
    if (is_behind(f) && take_stream(f, 0))
        f->io_ms = now(f); /* we did not read: the primary must not time out for that */
    while (n && f->link.conn && !is_behind(f) && !is_held(f) && !link_turn_is_over(&f->link)) {
        f->link.ready = false;
        n = read_once(f);
    }
    if (f->link.conn && n) /* there may be more */
        f->link.ready = true;
}

/* ---- Connecting */

static void dial(struct follow *f)
{
    const struct replication *r = f->r;
    struct dial_to to = {
        .host = f->host, .port = f->port, .source = r->engine->settings->bind_source_addr};
    log_line(LOG_NOTICE, f->was_up ? "Reconnecting to MASTER %s:%d" : "Connecting to MASTER %s:%d",
             f->host, f->port);
    f->io_ms = f->ticked_ms = now(f);
    if (r->engine->settings->tls_replication && !(to.tls = r->services.tls(r->services.context))) {
        log_line(LOG_WARNING, "tls-replication needs tls-ca-cert-file or tls-ca-cert-dir");
        fail(f);
        return;
    }
    link_dial(&f->link, r->loop, &to);
    set_state(f, FOLLOW_CONNECTING);
    log_line(LOG_NOTICE, "MASTER <-> REPLICA sync started");
}

static void go_on_dialling(struct follow *f)
{
    int error = link_step(&f->link);
    if (error && error != -EAGAIN) {
        log_line(LOG_WARNING, "Error condition on socket for SYNC: %s", link_why(&f->link, error));
        fail(f);
    }
    if (error)
        return;
    f->io_ms = now(f);
    listen_tune(conn_fd(f->link.conn), (int)f->r->engine->settings->tcp_keepalive);
    log_line(LOG_NOTICE, "Non blocking connect for SYNC fired the event.");
    handshake_say(&f->link.out, (const struct bytes[]){BYTES("PING")}, 1);
    set_state(f, FOLLOW_PING);
}

/* ---- The tick */

static void tick(struct follow *f)
{
    bool up = f->state == FOLLOW_CONNECTED;
    /* A primary that waits for its confirmation is silent for up to repl-timeout. */
    bool waits = up && promise_is_open(f->r, f->handshake.own);
    f->ticked_ms = now(f);
    if (is_held(f))
        f->io_ms = now(f); /* data may have arrived: it is us who do not read */
    if (f->ticked_ms - f->io_ms <= f->r->engine->settings->repl_timeout * (waits ? 2000 : 1000))
        return;
    if (up)
        log_line(LOG_WARNING, "MASTER timeout: no data nor PING received...");
    lost(f, up ? "" : "no data for repl-timeout");
}

static void do_due(struct follow *f)
{
    f->due = false;
    if (f->state != FOLLOW_CONNECT && now(f) - f->ticked_ms >= 1000)
        tick(f);
    set_timer(f);
}

/* ---- The phases of the turn */

/* By CLIENT KILL. Not while a script of the primary runs. */
static void end_killed(struct follow *f)
{
    if (f->apply &&
        (apply_client(f->apply)->flags & (CLIENT_CLOSING | CLIENT_RUNNING)) == CLIENT_CLOSING)
        lost(f, "");
}

bool follow_has_work(const struct follow *f)
{
    return f->due || ((f->link.ready || is_behind(f)) && !is_held(f));
}

void follow_read(struct follow *f)
{
    if (f->loads || f->ended)
        return;
    if (f->due)
        do_due(f);
    end_killed(f);
    if (f->state == FOLLOW_CONNECT && now(f) >= f->try_ms)
        dial(f);
    if (f->link.ready && f->link.dial)
        go_on_dialling(f);
    if ((f->link.ready || is_behind(f)) && f->link.conn && !is_held(f))
        read_link(f);
}

/* A failed send means that the primary has closed the connection or died. What it sent before may
 * still be in our receive buffer, and nowhere else. So the link stays open for reading, until the
 * end of the stream is reached. */
static void send_out(struct follow *f)
{
    int error = link_send(&f->link, !is_held(f));
    if (error && f->state == FOLLOW_CONNECTED)
        link_mute(&f->link);
    else if (error)
        lost(f, strerror(-error));
}

void follow_write(struct follow *f)
{
    /* The turn's clock stands still within a busy script. */
    int64_t clock = f->r->engine->slow_path & ENGINE_BUSY ? clock_steady_ms() : now(f);
    end_killed(f);
    if (!f->link.conn || f->loads)
        return;
    acknowledge(f, clock);
    if (chain_pending(&f->link.out) || is_held(f))
        send_out(f);
}

void follow_load_turn(struct follow *f)
{
    int64_t at = now(f);
    if (!f->loads || !f->link.conn || at - f->ticked_ms < 1000)
        return;
    f->ticked_ms = at;
    chain_add(&f->link.out, BYTES("\n"));
    link_send(&f->link, true); /* a broken link is noticed after the load */
}

/* ---- Figures */

void follow_figures(const struct follow *f, struct follow_figures *out)
{
    bool up = f->state == FOLLOW_CONNECTED;
    int64_t silence = (now(f) - f->io_ms) / 1000;
    *out = (struct follow_figures){
        .host = f->host,
        .port = f->port,
        .state = f->state,
        .ended = f->ended,
        .loads = f->loads,
        .load_lost = f->loads && receive_is_in_memory(f->receive) && link_is_cut(&f->link),
        .waits = f->apply && f->link.ready && !(apply_client(f->apply)->flags & CLIENT_RUNNING),
        .offset = f->apply ? apply_offset(f->apply) : f->r->engine->journal->offset,
        .waiting = f->apply ? (int64_t)(apply_waiting(f->apply) + conn_unread(f->link.conn)) : -1,
        .io_ago_s = up ? silence : -1,
        .down_s = up || !f->was_up ? -1 : (now(f) - f->retry.down_ms) / 1000,
        .to_file = f->receive && !receive_is_in_memory(f->receive),
        .transfers = f->state == FOLLOW_TRANSFER,
        .total = -1,
        .left = -1,
        .transfer_io_ago_s = silence};
    if (f->receive) {
        out->read = receive_bytes(f->receive);
        receive_has_begun(f->receive, &out->total);
        out->left = out->total < 0 ? -1 : out->total - (int64_t)out->read;
    }
}
