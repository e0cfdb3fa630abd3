/* What a replica is sent, in this order, with nothing in between:
 *
 *   said     client.out: +CONTINUE; or line ends while it waits, +FULLRESYNC, the head of a
 *            snapshot
 *   copy     a file, by sendfile(); or pieces of a pipe, from replica/copy
 *   stream   from `next` on, gathered from the backlog's blocks
 *
 *   STRANGER --PSYNC, granted----------------------------------------> ONLINE
 *            --PSYNC, else; SYNC--> WAITING --file or pipe--> COPYING --> ONLINE
 *
 * peer_send() is called once a turn and sends what the socket takes, at most SEND_MOST bytes; after
 * that it waits for room as with a full socket, so that the loop returns at once. After a snapshot
 * by a pipe no stream is sent before the first ACK: the replica may still be loading, and the bytes
 * would only fill its socket.
 *
 * What can fail: the socket, or the limits of time and lag. The client is closed; the replica
 * reconnects and asks for what is missing. */
#include "replica/peer.h"

#include "base/assert.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/observe.h"
#include "engine/session.h"
#include "engine/tracking.h"
#include "replica/reach.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define SEND_MOST ((size_t)1 << 20) /* to one replica, per turn */
#define PIECES    16

struct peer *peer_of(struct replication *r, struct client *c)
{
    if (c->peer)
        return c->peer;
    struct peer *p = mem_zalloc(sizeof(*p));
    p->replication = r;
    p->client = c;
    p->conn = r->services.connection(r->services.context, c);
    c->peer = p;
    return p;
}

static const struct settings *settings_of(const struct peer *p)
{
    return p->replication->engine->settings;
}

static int64_t now(const struct peer *p)
{
    return p->replication->engine->steady_ms;
}

void peer_file_unref(struct peer_file *f)
{
    ASSERT(f->users > 0);
    if (--f->users)
        return;
    close(f->fd);
    mem_free(f);
}

static void drop_file(struct peer *p)
{
    if (p->file)
        peer_file_unref(p->file);
    p->file = NULL;
}

void peer_free(struct peer *p)
{
    if (!p)
        return;
    struct replication *r = p->replication;
    if (p->state != PEER_STRANGER) {
        log_line(LOG_WARNING, "Connection with replica %s lost.", peer_name(p).text);
        dlist_remove(&p->node);
        ASSERT(r->peer_n > 0);
        if (--r->peer_n == 0)
            r->alone_ms = r->engine->steady_ms;
    }
    drop_file(p);
    str_unref(p->ip);
    str_unref(p->run);
    p->client->peer = NULL;
    mem_free(p);
}

/* ---- Granting the stream, or a snapshot */

static void open_backlog(struct replication *r)
{
    struct journal *j = r->engine->journal;
    if (backlog_is_open(&r->backlog))
        return;
    /* Changes made without a reader of the journal were not counted, so they begin a new history;
     * except on a replica, whose history is its primary's. */
    if (!j->readers && !replication_is_replica(r))
        journal_begin_history(j);
    backlog_open(&r->backlog, j);
    log_line(LOG_NOTICE, "Replication backlog created, my new replication IDs are '%s' and '%s'",
             j->history.id, j->history.id2);
}

/* It becomes a replica now, whatever the outcome of its request. */
static void enter(struct peer *p, enum peer_state state)
{
    struct replication *r = p->replication;
    ASSERT(p->state == PEER_STRANGER && backlog_is_open(&r->backlog));
    session_leave_streams(p->client);
    session_leave_channels(p->client);
    observe_unmonitor(p->client);
    tracking_disable(p->client);
    client_set_replica(p->client);
    p->state = state;
    p->since_ms = p->sent_ms = p->ack_ms = now(p);
    dlist_append(&r->peers, &p->node);
    r->confirmation.whole_due = true;
    /* With a file the first PING goes at once: it leaves a gap, by which the next start knows that
     * there were replicas, which may come back. */
    if (r->peer_n++ == 0)
        r->pinged_ms = r->engine->journal->filed ? INT64_MIN / 2 : now(p);
    r->alone_ms = 0;
    if (!replication_is_replica(r))
        reach_hint(r, "replica", peer_name(p).ip);
    if (p->conn && settings_of(p)->repl_disable_tcp_nodelay)
        conn_delay_small(p->conn, true);
}

static bool refuses(struct peer *p, const char *id, uint64_t next)
{
    const struct replication *r = p->replication;
    const struct history *h = &r->engine->journal->history;
    if (!history_shares(h, id, next)) {
        if (strcmp(id, "?") == 0)
            log_line(LOG_NOTICE, "Full resync requested by replica %s", peer_name(p).text);
        else if (h->second_offset && history_same_id(h->id2, id))
            log_line(LOG_NOTICE,
                     "Partial resynchronization not accepted: Requested offset for second ID was "
                     "%lld, but I can reply up to %lld",
                     (long long)next, (long long)h->second_offset);
        else
            log_line(LOG_NOTICE,
                     "Partial resynchronization not accepted: Replication ID mismatch (Replica "
                     "asked for '%s', my replication IDs are '%s' and '%s')",
                     id, h->id, h->id2);
        return true;
    }
    if (backlog_reaches(&r->backlog, next))
        return false;
    log_line(LOG_NOTICE,
             "Unable to partial resync with replica %s for lack of backlog (Replica request was: "
             "%lld).",
             peer_name(p).text, (long long)next);
    return true;
}

bool peer_continue(struct peer *p, const char *id, uint64_t next)
{
    struct replication *r = p->replication;
    const struct history *h = &r->engine->journal->history;
    if (backlog_is_open(&r->backlog))
        backlog_take(&r->backlog); /* the backlog may not have taken all of this yet */
    if (refuses(p, id, next)) {
        r->figures.partial_refused += strcmp(id, "?") != 0;
        return false;
    }
    enter(p, PEER_ONLINE);
    p->next = next;
    p->ack = next - 1;
    /* Nobody gets an ID before it holds everything that precedes it. */
    const char *told = h->id; /* STEPS */
    if (p->run && !history_same_id(h->id, id) && next < h->second_offset) {
        told = h->id2;
        p->stop = h->second_offset;
    }
    peer_say(p, p->psync2 ? "+CONTINUE %s\r\n" : "+CONTINUE\r\n", told);
    r->figures.partial++;
    log_line(LOG_NOTICE,
             "Partial resynchronization request from %s accepted. Sending %lld bytes of backlog "
             "starting from offset %lld.",
             peer_name(p).text, (long long)peer_lacks(p), (long long)next);
    return true;
}

void peer_grant(struct peer *p)
{
    struct replication *r = p->replication;
    /* When REPLICAOF and PSYNC FAILOVER run in the same turn, no backlog has been opened yet. */
    if (!backlog_is_open(&r->backlog))
        backlog_open(&r->backlog, r->engine->journal);
    enter(p, PEER_ONLINE);
    p->next = r->engine->journal->offset + 1;
    p->stop = p->next;
    peer_say(p, p->psync2 ? "+CONTINUE %s\r\n" : "+CONTINUE\r\n", r->engine->journal->history.id);
}

bool peer_can_pipe(const struct peer *p)
{
    return p->eof && (!p->by_sync || p->no_keys || p->no_libraries);
}

void peer_wait(struct peer *p)
{
    struct replication *r = p->replication;
    open_backlog(r);
    enter(p, PEER_WAITING);
    r->figures.full++;
    const struct settings *s = settings_of(p);
    if (s->repl_diskless_sync && s->repl_diskless_sync_delay && peer_can_pipe(p))
        log_line(LOG_NOTICE, "Delay next BGSAVE for diskless SYNC");
}

void peer_join(struct peer *p, uint64_t next)
{
    const struct replication *r = p->replication;
    const struct history *h = &r->engine->journal->history;
    ASSERT(p->state == PEER_WAITING && !p->in_copy);
    p->in_copy = true;
    p->next = next;
    /* STEPS, as in peer_continue(): without a byte of ours it copies the previous history. */
    const char *told = p->run ? history_id_of_data(h, next - 1) : h->id;
    if (told != h->id)
        p->stop = next;
    if (!p->by_sync)
        peer_say(p, "+FULLRESYNC %s %llu\r\n", told, (unsigned long long)(next - 1));
}

void peer_send_file(struct peer *p, struct peer_file *f)
{
    ASSERT(p->state == PEER_WAITING && p->in_copy && !p->file);
    p->state = PEER_COPYING;
    p->sent_ms = now(p);
    p->file = f;
    p->file_at = 0;
    f->users++;
    peer_say(p, "$%llu\r\n", (unsigned long long)f->size);
}

void peer_is_copied(struct peer *p, bool awaits_ack)
{
    struct peer_name name = peer_name(p);
    ASSERT(p->state == PEER_COPYING && p->next);
    drop_file(p);
    p->in_copy = false;
    p->state = PEER_ONLINE;
    p->awaits_ack = awaits_ack && !p->has_loaded;
    p->acked = p->acked || p->has_loaded;
    p->ack_ms = now(p);
    if (p->awaits_ack)
        log_line(LOG_NOTICE,
                 "Streamed RDB transfer with replica %s succeeded (socket). Waiting for REPLCONF "
                 "ACK from slave to enable streaming",
                 name.text);
    if (p->rdb_only) {
        log_line(LOG_NOTICE,
                 "RDB transfer completed, rdb only replica (%s) should be disconnected asap",
                 name.text);
        client_close(p->client);
        return;
    }
    log_line(LOG_NOTICE, "Synchronization with replica %s succeeded", name.text);
}

/* ---- Sending */

void peer_say(struct peer *p, const char *format, ...)
{
    char text[160];
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    ASSERT(n >= 0 && (size_t)n < sizeof(text));
    chain_add(&p->client->out, bytes_of(text, (size_t)n));
}

void peer_has_room(struct client *c)
{
    if (c->peer)
        c->peer->full = false;
}

/* Has the loop report room in the socket: at once, if there is some. */
static void wait_for_room(struct peer *p)
{
    p->full = true;
    conn_want(p->conn, true, true);
}

/* Handles the result of a write. True: more may be written. */
static bool was_sent(struct peer *p, long n)
{
    struct client *c = p->client;
    if (n == -EAGAIN || n == -EINTR) {
        wait_for_room(p);
        return false;
    }
    if (n < 0) {
        log_line(LOG_VERBOSE, "Writing to replica %s: %s", peer_name(p).text, strerror((int)-n));
        client_close(c);
        return false;
    }
    struct engine *e = p->replication->engine;
    p->sent_ms = c->active_ms = e->steady_ms;
    p->replication->figures.bytes_out += (uint64_t)n;
    c->total_out += (uint64_t)n;
    e->stats.total_out += (uint64_t)n;
    e->stats.total_writes++;
    return true;
}

/* Sends client.out. True: all was sent. */
static bool send_said(struct peer *p)
{
    struct chain *out = &p->client->out;
    while (chain_pending(out))
        if (!was_sent(p, conn_write(p->conn, out, chain_end(out))))
            return false;
    return true;
}

static void send_file(struct peer *p)
{
    const struct peer_file *f = p->file;
    for (size_t left = SEND_MOST; p->file_at < f->size;) {
        size_t n = f->size - p->file_at < left ? (size_t)(f->size - p->file_at) : left;
        if (n == 0) {
            wait_for_room(p);
            return;
        }
        long sent = conn_send_file(p->conn, f->fd, p->file_at, n);
        if (!was_sent(p, sent))
            return;
        p->file_at += (uint64_t)sent;
        left -= (size_t)sent;
    }
    peer_is_copied(p, false);
}

static void send_stream(struct peer *p)
{
    const struct backlog *b = &p->replication->backlog;
    uint64_t end = p->stop && p->stop <= b->end ? p->stop - 1 : b->end;
    for (size_t left = SEND_MOST; p->next <= end;) {
        struct iovec pieces[PIECES];
        int n = backlog_pieces(b, p->next, pieces, PIECES);
        size_t all = 0;
        for (int i = 0; i < n; i++)
            all += pieces[i].iov_len;
        if (p->stop && all > end + 1 - p->next) {
            n = 1;
            all = pieces[0].iov_len;
            if (all > end + 1 - p->next)
                all = pieces[0].iov_len = (size_t)(end + 1 - p->next);
        }
        long sent = conn_send(p->conn, pieces, n);
        if (!was_sent(p, sent))
            return;
        p->next += (uint64_t)sent;
        left -= (size_t)sent < left ? (size_t)sent : left;
        if (p->next <= end && (left == 0 || ((size_t)sent < all && !conn_tls(p->conn)))) {
            wait_for_room(p);
            return;
        }
    }
    if (p->stop && p->next >= p->stop)
        client_close(p->client);
}

void peer_send(struct peer *p)
{
    struct client *c = p->client;
    if (p->full || !p->conn || (c->flags & CLIENT_CLOSING) || !send_said(p))
        return;
    if (p->file)
        send_file(p);
    if (p->state == PEER_ONLINE && !p->awaits_ack && !(c->flags & CLIENT_CLOSING))
        send_stream(p);
    c->lacks = peer_lacks(p);
}

bool peer_send_piece(struct peer *p, struct bytes piece)
{
    while (p->piece_at < piece.n) {
        if (p->full || !p->conn || (p->client->flags & CLIENT_CLOSING) || !send_said(p))
            return false;
        struct iovec v = {(char *)(uintptr_t)piece.p + p->piece_at, piece.n - p->piece_at};
        long sent = conn_send(p->conn, &v, 1);
        if (!was_sent(p, sent))
            return false;
        p->piece_at += (size_t)sent;
    }
    return true;
}

/* ---- ACKs and silence */

void peer_ack(struct peer *p, uint64_t offset, const uint64_t *synced)
{
    struct replication *r = p->replication;
    uint64_t most = synced && *synced > offset ? *synced : offset;
    if (p->state == PEER_STRANGER)
        return;
    if (most > r->engine->journal->offset) {
        log_line(
            LOG_WARNING,
            "Replica %s acknowledged offset %llu, but the stream ends at %llu: disconnecting it",
            peer_name(p).text, (unsigned long long)most,
            (unsigned long long)r->engine->journal->offset);
        client_close(p->client);
        return;
    }
    /* The offset it asked from counted as applied; its file may lack the end, as the first ACK
     * shows. */
    if (offset > p->ack || !p->acked)
        p->ack = offset;
    if (synced && *synced > p->fack)
        p->fack = *synced;
    p->fsynced |= synced != NULL;
    p->ack_ms = now(p);
    if (p->state == PEER_ONLINE) {
        p->acked = true;
        p->awaits_ack = false;
    }
    p->has_loaded |= p->state == PEER_COPYING && offset + 1 >= p->next;
    r->ack_came = true;
}

void peer_tick(struct peer *p)
{
    int64_t most = settings_of(p)->repl_timeout * 1000;
    if (p->client->flags & CLIENT_CLOSING)
        return;
    if (p->state == PEER_WAITING)
        peer_say(p, "\n");
    const char *what = p->state == PEER_COPYING && now(p) - p->sent_ms > most ? "full sync"
                       : p->state == PEER_ONLINE && !p->by_sync && now(p) - p->ack_ms > most
                           ? "streaming sync"
                           : NULL;
    if (!what)
        return;
    log_line(LOG_WARNING, "Disconnecting timedout replica (%s): %s", what, peer_name(p).text);
    client_close(p->client);
}

/* A limit below repl-backlog-size would close replicas that can still be served. */
static bool passes(const struct peer *p, long long limit)
{
    const struct settings *s = settings_of(p);
    if (limit && limit < s->repl_backlog_size)
        limit = s->repl_backlog_size;
    return limit && peer_lacks(p) > (uint64_t)limit;
}

void peer_limit(struct peer *p)
{
    const struct setting_limit *l = &settings_of(p)->output_limits[CLASS_REPLICA];
    bool over = passes(p, l->hard);
    if (!passes(p, l->soft))
        p->over_soft_ms = 0;
    else if (!p->over_soft_ms)
        p->over_soft_ms = now(p);
    else
        over |= now(p) - p->over_soft_ms > l->seconds * 1000;
    if (over)
        client_over_output_limit(p->client);
}

uint64_t peer_lacks(const struct peer *p)
{
    const struct backlog *b = &p->replication->backlog;
    return p->next ? b->end + 1 - p->next : 0;
}

int64_t peer_lag_s(const struct peer *p)
{
    return (now(p) - p->ack_ms) / 1000;
}

bool peer_is_good(const struct peer *p, int64_t lag_s)
{
    return p->state == PEER_ONLINE && !(p->client->flags & CLIENT_CLOSING) &&
           peer_lag_s(p) <= lag_s;
}

const char *peer_state_name(const struct peer *p)
{
    static const char *const names[] = {"", "wait_bgsave", "send_bulk", "online"};
    return names[p->state];
}

struct peer_name peer_name(const struct peer *p)
{
    struct peer_name name;
    const char *address = p->client->address, *colon = strrchr(address, ':');
    size_t n = colon ? (size_t)(colon - address) : strlen(address);
    if (p->ip && p->ip->n)
        snprintf(name.ip, sizeof(name.ip), "%.*s", (int)p->ip->n, p->ip->p);
    else if (n > 2 && address[0] == '[')
        snprintf(name.ip, sizeof(name.ip), "%.*s", (int)n - 2, address + 1);
    else
        snprintf(name.ip, sizeof(name.ip), "%.*s", (int)n, address);
    if (p->port)
        snprintf(name.text, sizeof(name.text), "%s:%d", name.ip, p->port);
    else
        snprintf(name.text, sizeof(name.text), "%s:<unknown-replica-port>", name.ip);
    return name;
}

void peer_renew_all(struct replication *r)
{
    for (struct dlist_node *n = r->peers.next; n != &r->peers; n = n->next) {
        struct peer *p = dlist_item(n, struct peer, node);
        if (p->state == PEER_ONLINE)
            client_close(p->client);
        else if (p->in_copy && !p->stop)
            p->stop = r->engine->journal->history.second_offset;
    }
}

void peer_close_all(struct replication *r)
{
    for (struct dlist_node *n = r->peers.next; n != &r->peers; n = n->next)
        client_close(dlist_item(n, struct peer, node)->client);
}
