/* States of the link (enum follow_state), in the usual order:
 *
 *   CONNECT     until `try_ms`; at once after REPLICAOF and when a link was lost that had been
 *               whole, else after a time that doubles from FIRST_DELAY to LAST_DELAY
 *   CONNECTING  io/dial
 *   PING        one request, one answer: is somebody there, and who
 *   INTRODUCE   AUTH and REPLCONFs in one write (replica/handshake)
 *   ASK         PSYNC with our ID and the next byte, or ? -1. +CONTINUE: connected. +FULLRESYNC:
 *               TRANSFER. -LOADING and the like: later. Anything else: SYNC on the same link
 *   TRANSFER    replica/receive; when all of it is there and good, replica/adopt puts it in place
 *               of what we have, in turns of its own. Only then the journal is the primary's
 *   CONNECTED   replica/apply; an ACK each second and when asked
 *
 * Whatever fails drops the link, as does nothing for repl-timeout: what we hold, its ID and its
 * offset stay, and the next attempt asks for what is missing. `knows` is false when they are no
 * place in anybody's history, and everything is asked for: at a start without files, after a load
 * that failed when the old data were gone, and after bytes that were no stream.
 *
 * A fetch (follow_fetch()) goes the same way once, for a primary that is not confirmed: from a
 * replica that is ahead of it, whose answers it takes only when they do not set it back. Whatever
 * ends it, it stays ended, and replica/confirm sees to the rest.
 *
 * Lines and the snapshot are gathered in `in`; the stream is read straight into apply's buffer. */
#include "replica/follow_parts.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/client.h"
#include "engine/state.h"
#include "io/listen.h"
#include "replica/adopt.h"
#include "replica/confirm.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FIRST_DELAY 100
#define LAST_DELAY  1000
#define LINE        4096 /* of an answer, at most */

static void timer_due(struct timer *t)
{
    dlist_item(t, struct follow, timer)->due = true;
}

/* The next moment at which there is something to do without anybody's asking. */
static void set_timer(struct follow *f)
{
    int64_t at = f->state == FOLLOW_CONNECT ? f->try_ms : f->ticked_ms + 1000;
    timer_set(&f->r->engine->timers, &f->timer, TIMER_STEADY, at, timer_due);
}

void follow_set_state(struct follow *f, enum follow_state state)
{
    f->state = state;
    if (!f->fetches)
        state_set_role(f->r->engine,
                       state == FOLLOW_CONNECTED ? ROLE_REPLICA_UP : ROLE_REPLICA_DOWN);
    set_timer(f);
}

static struct follow *make(struct replication *r, const char *host, int port, bool knows,
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
    f->down_ms = f->ticked_ms = f->try_ms = follow_now(f);
    follow_set_state(f, FOLLOW_CONNECT);
    return f;
}

struct follow *follow_new(struct replication *r, const char *host, int port, bool knows)
{
    return make(r, host, port, knows, false);
}

struct follow *follow_fetch(struct replication *r, const char *host, int port, bool knows)
{
    return make(r, host, port, knows, true);
}

bool follow_has_ended(const struct follow *f)
{
    return f->ended;
}

bool follow_is_loading(const struct follow *f)
{
    return f->loads;
}

/* ---- The end of a link */

static void forget_apply(struct follow *f)
{
    if (!f->apply)
        return;
    f->db = apply_db(f->apply);
    apply_free(f->apply);
    f->apply = NULL;
}

/* As if there had been no link; the next one in so many milliseconds. */
static void drop(struct follow *f, int64_t delay_ms)
{
    bool was_up = f->state == FOLLOW_CONNECTED;
    forget_apply(f);
    receive_free(f->receive);
    f->receive = NULL;
    dial_free(f->dial);
    f->dial = NULL;
    conn_free(f->conn);
    f->conn = NULL;
    chain_free(&f->out);
    buf_free(&f->in);
    f->ready = f->ack_due = f->ack_asked = f->by_sync = false;
    f->try_ms = follow_now(f) + delay_ms;
    if (was_up)
        f->down_ms = follow_now(f);
    f->ended = f->fetches;
    follow_set_state(f, FOLLOW_CONNECT);
}

/* The attempt has failed: the next one waits. */
void follow_fail(struct follow *f)
{
    f->delay = f->delay == 0 ? FIRST_DELAY : f->delay * 2 < LAST_DELAY ? f->delay * 2 : LAST_DELAY;
    drop(f, f->delay);
}

void follow_lost(struct follow *f, const char *why)
{
    if (f->state == FOLLOW_CONNECTED) {
        log_line(LOG_WARNING, "Connection with master lost.%s%s", *why ? " " : "", why);
        log_line(LOG_NOTICE, "Caching the disconnected master state.");
        drop(f, 0);
        return;
    }
    log_line(LOG_WARNING,
             f->state == FOLLOW_TRANSFER ? "I/O error trying to sync with MASTER: %s"
                                         : "Error condition on socket for SYNC: %s",
             *why ? why : "connection lost");
    follow_fail(f);
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
    f->delay = 0;
    f->was_up = false;
    drop(f, 0);
    f->down_ms = follow_now(f);
    f->due = true;
}

/* ---- What we say */

/* How far we are: applied, and in our file. */
static void acknowledge(struct follow *f, int64_t at_ms)
{
    const struct engine *e = f->r->engine;
    const struct gate_promise *p = &e->gate.promise;
    const struct handshake *h = &f->handshake;
    uint64_t offset = f->ack_asked ? f->ack_offset : apply_offset(f->apply);
    /* PROMISE: in front of the ACK, which tells it as well. */
    if (!f->fetches && !confirm_promise(f->r, h->own, h->own_offset, apply_offset(f->apply))) {
        follow_lost(f, "It has an ID of a lower generation than one that is promised");
        return;
    }
    uint64_t filed = journal_filed(e->journal), synced = p->durable ? p->synced : 0;
    if (f->by_sync)
        chain_add(&f->out, BYTES("\n"));
    else
        handshake_acknowledge(&f->out, offset < filed ? offset : filed, p->open ? &synced : NULL);
    f->ack_due = f->ack_asked = false;
    f->acked_ms = at_ms;
}

/* ---- The link is whole */

static void connected(struct follow *f)
{
    char address[64], local[64];
    int fd = conn_fd(f->conn);
    listen_addresses(fd, address, local, sizeof(address));
    f->apply = apply_new(f->r, &(struct apply_options){.address = address,
                                                       .local_address = local,
                                                       .fd = fd,
                                                       .db = f->db,
                                                       .foreign = f->handshake.foreign});
    f->knows = !f->by_sync;
    f->was_up = true;
    f->delay = 0;
    f->ack_due = true;
    confirm_data_came(f->r);
    follow_set_state(f, FOLLOW_CONNECTED);
}

/* ---- A snapshot */

static void begin_transfer(struct follow *f)
{
    char path[64];
    snprintf(path, sizeof(path), "temp-repl-%d.rdb", (int)getpid());
    f->receive =
        receive_new(adopt_needs_no_disk(f->r) ? NULL : path, f->r->engine->settings->rdbchecksum);
    follow_set_state(f, FOLLOW_TRANSFER);
    if (f->by_sync) {
        log_line(LOG_NOTICE, "Retrying with SYNC...");
        chain_add(&f->out, BYTES("SYNC\r\n"));
    }
}

/* All of it is there. */
static void load(struct follow *f)
{
    const struct handshake *h = &f->handshake;
    f->loads = true;
    f->ticked_ms = follow_now(f) - 1000;
    follow_load_turn(f);
    enum replication_load end =
        adopt_snapshot(f->r, receive_path(f->receive), f->by_sync ? NULL : h->new_id, h->offset);
    f->loads = false;
    if (end == REPLICATION_STOPPED)
        return;
    f->ticked_ms = f->io_ms = follow_now(f);
    f->knows = f->knows && end == REPLICATION_KEPT;
    if (end != REPLICATION_LOADED) {
        follow_fail(f);
        return;
    }
    receive_free(f->receive);
    f->receive = NULL;
    f->db = f->r->engine->journal->db;
    connected(f);
}

/* True: some of what came has been taken, and we are still there. */
static bool transfer(struct follow *f)
{
    size_t used;
    enum receive_state state = receive_take(f->receive, buf_bytes(&f->in), &used);
    buf_consume(&f->in, used);
    if (state == RECEIVE_FAILED)
        follow_fail(f);
    else if (state == RECEIVE_WHOLE)
        load(f);
    return used > 0 && state != RECEIVE_FAILED;
}

/* ---- Answers */

static void heard_ping(struct follow *f, struct bytes line)
{
    if (handshake_ping(line) != HANDSHAKE_GOES_ON) {
        drop(f, LAST_DELAY);
        return;
    }
    const struct confirmation *c = &f->r->confirmation;
    const struct handshake_self self = {
        .run_id = f->r->run_id, .promise = c->promise, .whole = c->whole, .fetches = f->fetches};
    handshake_introduce(&f->handshake, f->r->engine->settings, &self, &f->out);
    follow_set_state(f, FOLLOW_INTRODUCE);
}

static void heard_introduction(struct follow *f, struct bytes line)
{
    enum handshake_answer a = handshake_heard(&f->handshake, line);
    if (a == HANDSHAKE_REFUSED) {
        drop(f, LAST_DELAY);
    } else if (a == HANDSHAKE_GOES_ON) {
        handshake_ask(&f->handshake, f->r->engine->journal, f->knows,
                      f->r->handover.state == HANDOVER_RUNS, &f->out);
        follow_set_state(f, FOLLOW_ASK);
    }
}

static void heard_answer(struct follow *f, struct bytes line)
{
    const struct handshake *h = &f->handshake;
    enum handshake_answer a = handshake_answer(&f->handshake, line);
    bool granted = a == HANDSHAKE_REST || a == HANDSHAKE_FULL;
    f->r->handover.answer = granted ? HANDOVER_GRANTED : HANDOVER_REFUSED;
    /* LOOKING_AGAIN: it may have lost since what it had when it asked us. */
    if (f->fetches && a != HANDSHAKE_REST &&
        (a != HANDSHAKE_FULL || !confirm_gains(f->r, h->new_id, h->offset)))
        a = HANDSHAKE_LATER;
    if (a == HANDSHAKE_FULL || a == HANDSHAKE_OLD) {
        f->by_sync = a == HANDSHAKE_OLD;
        begin_transfer(f);
    } else if (a == HANDSHAKE_REST) {
        if (*h->new_id)
            adopt_id(f->r, h->new_id);
        connected(f);
    } else {
        follow_fail(f);
    }
}

/* One line of those that have come; false: there is none yet. Line ends alone keep a link alive. */
static bool take_line(struct follow *f)
{
    char line[LINE];
    size_t n;
    if (!handshake_line(&f->in, line, sizeof(line), &n)) {
        if (f->in.n >= sizeof(line))
            follow_lost(f, "what it answers has no end");
        return false;
    }
    struct bytes text = bytes_of(line, n);
    if (n == 0)
        return true;
    if (f->state == FOLLOW_PING)
        heard_ping(f, text);
    else if (f->state == FOLLOW_INTRODUCE)
        heard_introduction(f, text);
    else
        heard_answer(f, text);
    return true;
}

/* ---- Bytes */

/* So many bytes of the stream stand where apply_place() said. */
bool follow_take_stream(struct follow *f, size_t n)
{
    f->r->figures.bytes_in += n;
    if (!apply_run(f->apply, n)) {
        log_line(LOG_WARNING, "What came from the master is no stream of commands: the link is "
                              "closed and everything is asked for anew.");
        f->knows = false;
        drop(f, LAST_DELAY);
        return false;
    }
    f->ack_asked |= apply_was_asked(f->apply, &f->ack_offset);
    f->ack_due |= f->ack_asked;
    return true;
}

/* What stands behind +CONTINUE, or behind a snapshot. */
static bool take_rest(struct follow *f)
{
    size_t room, n = f->in.n;
    char *to = apply_place(f->apply, &room);
    n = n < room ? n : room;
    memcpy(to, f->in.p, n);
    buf_consume(&f->in, n);
    return follow_take_stream(f, n);
}

void follow_use_bytes(struct follow *f)
{
    bool more = true;
    while (more && f->in.n) {
        if (f->state == FOLLOW_CONNECTED)
            more = take_rest(f);
        else if (f->state == FOLLOW_TRANSFER)
            more = transfer(f);
        else
            more = f->state != FOLLOW_CONNECT && take_line(f);
    }
}

/* ---- Time */

static void tick(struct follow *f)
{
    int64_t silence = follow_now(f) - f->io_ms;
    f->ticked_ms = follow_now(f);
    if (silence > f->r->engine->settings->repl_timeout * 1000) {
        log_line(LOG_WARNING, f->state == FOLLOW_CONNECTED
                                  ? "MASTER timeout: no data nor PING received..."
                                  : "Timeout connecting to the MASTER, or receiving from it: no "
                                    "data for repl-timeout");
        if (f->state == FOLLOW_CONNECTED)
            follow_lost(f, "");
        else
            follow_fail(f);
    }
}

static void do_due(struct follow *f)
{
    f->due = false;
    if (f->state != FOLLOW_CONNECT && follow_now(f) - f->ticked_ms >= 1000)
        tick(f);
    set_timer(f);
}

/* ---- The phases of the turn */

/* CLIENT KILL. Not while a script of the primary's runs. */
static bool is_killed(const struct follow *f)
{
    return f->apply &&
           (apply_client(f->apply)->flags & (CLIENT_CLOSING | CLIENT_RUNNING)) == CLIENT_CLOSING;
}

bool follow_has_work(const struct follow *f)
{
    return f->due || (f->ready && !follow_is_held(f));
}

void follow_read(struct follow *f)
{
    if (f->loads || f->ended)
        return;
    if (f->due)
        do_due(f);
    if (is_killed(f))
        follow_lost(f, "");
    if (f->state == FOLLOW_CONNECT && follow_now(f) >= f->try_ms)
        follow_dial(f);
    if (f->ready && f->dial)
        follow_go_on_dialling(f);
    if (f->ready && f->conn && !follow_is_held(f))
        follow_read_link(f);
}

void follow_write(struct follow *f)
{
    /* In a script that is busy time stands still. */
    int64_t clock = f->r->engine->slow_path & ENGINE_BUSY ? clock_steady_ms() : follow_now(f);
    if (is_killed(f))
        follow_lost(f, "");
    if (!f->conn || f->loads)
        return;
    f->ack_due |= clock - f->acked_ms >= 1000;
    if (f->ack_due && f->state == FOLLOW_CONNECTED)
        acknowledge(f, clock);
    if (chain_pending(&f->out) || follow_is_held(f))
        follow_send_out(f);
}

void follow_load_turn(struct follow *f)
{
    int64_t at = follow_now(f);
    if (!f->loads || !f->conn || at - f->ticked_ms < 1000)
        return;
    f->ticked_ms = at;
    chain_add(&f->out, BYTES("\n"));
    long n = conn_write(f->conn, &f->out, UINT64_MAX);
    (void)n; /* a link that is gone is noticed behind the load */
}

/* ---- What is told */

void follow_figures(const struct follow *f, struct follow_figures *out)
{
    int64_t length = -1;
    int64_t silence = (follow_now(f) - f->io_ms) / 1000;
    *out = (struct follow_figures){
        .host = f->host,
        .port = f->port,
        .state = f->state,
        .offset = f->apply ? apply_offset(f->apply) : f->r->engine->journal->offset,
        .io_ago_s = f->state == FOLLOW_CONNECTED ? silence : -1,
        .down_s =
            f->state == FOLLOW_CONNECTED || !f->was_up ? -1 : (follow_now(f) - f->down_ms) / 1000,
        .transfers = f->state == FOLLOW_TRANSFER,
        .total = -1,
        .left = -1,
        .transfer_io_ago_s = silence};
    if (!f->receive)
        return;
    out->read = receive_bytes(f->receive);
    receive_has_begun(f->receive, &length);
    if (length >= 0) {
        out->total = length;
        out->left = length - (int64_t)out->read;
    }
}
