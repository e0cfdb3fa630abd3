/* The life of a link:
 *
 *   link_open()       Admission decides whether it is accepted. Input that is there already is read
 *                     in the same turn.
 *   note_ready()      Callback of the loop: only appends the link to the list of readable ones, in
 *                     the order in which the kernel reports them. That is the order of arrival, and
 *                     everything here preserves it.
 *   link_read_all()   One read per link, FEED_GROUP links at a time; the feed runs the requests.
 *                     Input of clients that can't run now (blocked, paused, delayed, no time
 *                     left) is kept with the client, and link_resume_all() runs it later. A client
 *                     that could run what is kept is not read before it has: it sends no faster
 *                     than it is served, and its leaving is noticed behind all that it sent.
 *   link_write_all()  Sends output up to where the gate holds it. A held client is tried again when
 *                     the gate moves, one with a full socket when it becomes writable.
 *   link_close_all()  Frees clients marked by client_close(). Nothing else frees a client, so no
 *                     pointer becomes invalid in the middle of a turn.
 *
 * Limits on input and output close a link early. Unauthenticated clients have much smaller limits,
 * and a deadline.
 *
 * While a long script runs, other clients are read into a second buffer by a second feed (struct
 * reading), because the first group has not finished. All lists are the set's, so that the turns
 * within the script find every client that waits, but those of that group. */
#include "server/link.h"

#include "acl/users.h"
#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/block.h"
#include "engine/feed.h"
#include "engine/gate.h"
#include "engine/rights.h"
#include "engine/session.h"
#include "engine/txn.h"
#include "io/conn.h"
#include "io/listen.h"
#include "replica/peer.h"
#include "replica/replica.h"
#include "server/admit.h"
#include "server/memory.h"
#include "server/now.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_PIECE   65536
#define ANONYMOUS_IN (1 << 20)
#define STUCK_MS     30000
#define READ_US      5000 /* after which no more requests are begun in a turn */

/* Read buffer of a turn: one piece per client of a group, each on its own cache lines. */
#define READ_BUFFER ((size_t)FEED_GROUP * (READ_PIECE + 64))

struct link {
    struct link_set *set;
    struct conn *conn;
    struct client *client;
    struct dict_node *peer; /* admit_peer() */
    struct dlist_node readable;
    bool waits_for_room; /* the socket is full */
    bool greeted;        /* the end of its TLS handshake has been handled */
    bool stopped;        /* reads no more */
};

/* A group of requests being run, and the buffer they were read into. */
struct reading {
    struct feed *feed;
    char *buffer;
};

struct link_set {
    struct engine *engine;
    struct loop *loop;
    struct admit *admit;
    struct memory *memory;
    struct dlist_node readable; /* links with bytes to read */
    struct dlist_node more;     /* links that are read again in this turn */
    struct dlist_node later;    /* links that are not read now, but in a later turn */
    struct dlist_node round;    /* clients to resume before any link is read */
    struct dlist_node resumed;  /* of this round; asked again */
    struct dlist_node held;     /* clients (outgoing) whose output the gate holds */
    uint64_t held_at;           /* gate.moves when those were tried last */
    uint64_t read_ticks;        /* READ_US */
    struct reading *reading;    /* one of the two below */
    struct reading usual, in_script;
    bool clock_is_old; /* a long script has run in this turn */
};

struct link_set *link_set_new(struct engine *e, struct loop *l, struct admit *a, struct memory *m)
{
    struct link_set *s = mem_zalloc(sizeof(*s));
    s->engine = e;
    s->loop = l;
    s->admit = a;
    s->memory = m;
    s->read_ticks = (uint64_t)(READ_US * clock_ticks_per_us());
    dlist_init(&s->readable);
    dlist_init(&s->more);
    dlist_init(&s->later);
    dlist_init(&s->round);
    dlist_init(&s->resumed);
    dlist_init(&s->held);
    s->usual = (struct reading){feed_new(), mem_alloc_aligned(64, READ_BUFFER)};
    s->reading = &s->usual;
    return s;
}

static void free_reading(struct reading *r)
{
    feed_free(r->feed);
    mem_free(r->buffer);
}

void link_set_free(struct link_set *s)
{
    ASSERT(dlist_empty(&s->readable));
    free_reading(&s->usual);
    free_reading(&s->in_script);
    mem_free(s);
}

static void note_ready(void *context, int events)
{
    struct link *k = context;
    if ((events & LOOP_READ) && !dlist_linked(&k->readable))
        dlist_append(&k->set->readable, &k->readable);
    if (events & LOOP_WRITE) {
        k->waits_for_room = false;
        conn_want(k->conn, !k->stopped, false);
        client_has_output(k->client);
        peer_has_room(k->client);
        /* A TLS handshake may have waited for room. */
        if (conn_tls(k->conn) && !k->stopped && !dlist_linked(&k->readable))
            dlist_append(&k->set->readable, &k->readable);
    }
}

static void refuse(const struct link_arrival *a, enum err e)
{
    /* Best effort: the peer never becomes a client. One that expects a TLS handshake could not read
     * it. */
    struct bytes text = err_text(e);
    ssize_t n = a->tls ? 0 : send(a->fd, text.p, text.n, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)n;
    close(a->fd);
}

static void set_addresses(struct client *c, const struct link_arrival *a, const char *unixsocket)
{
    if (a->is_unix) {
        c->flags |= CLIENT_UNIX;
        snprintf(c->address, sizeof(c->address), "%s:0", unixsocket);
        snprintf(c->local_address, sizeof(c->local_address), "%s:0", unixsocket);
    } else {
        snprintf(c->address, sizeof(c->address), "%s", a->peer);
        snprintf(c->local_address, sizeof(c->local_address), "%s", a->local);
    }
}

void link_open(struct link_set *s, const struct link_arrival *a)
{
    struct engine *e = s->engine;
    const char *peer = a->is_unix ? "" : a->peer;
    enum err why;
    if (!admit_connection(s->admit, peer, a->is_local || a->is_unix, &why)) {
        e->stats.rejected_connections++;
        refuse(a, why);
        return;
    }
    if (!a->is_unix)
        listen_tune(a->fd, (int)e->settings->tcp_keepalive);
    struct link *k = mem_zalloc(sizeof(*k));
    k->set = s;
    k->client = client_new(e);
    rights_begin(k->client);
    k->client->link = k;
    k->client->fd = a->fd;
    set_addresses(k->client, a, e->settings->unixsocket);
    k->peer = admit_peer(s->admit, peer);
    k->conn = conn_new(s->loop, a->fd, note_ready, k);
    if (a->tls) {
        conn_start_tls(k->conn, a->tls);
        client_set_anonymous(k->client, true);
    }
    /* Read its input in this turn: the event loop would report it in the next one, after requests
     * that came later. */
    dlist_append(&s->readable, &k->readable);
    e->stats.total_connections++;
    log_line(LOG_VERBOSE, "Accepted %s", k->client->address);
}

bool link_has_work(const struct link_set *s)
{
    return !dlist_empty(&s->readable) || link_has_kept(s);
}

bool link_has_kept(const struct link_set *s)
{
    return !dlist_empty(&s->round) || !dlist_empty(&s->engine->clients.resuming);
}

static void stop_reading(struct link *k)
{
    if (k->stopped)
        return;
    k->stopped = true;
    conn_want(k->conn, false, k->waits_for_room);
}

/* The TLS handshake is complete; before, the client was unauthenticated even without a password.
 * The certificate may name its user. */
static void greet(struct link_set *s, struct link *k)
{
    char name[256];
    k->greeted = true;
    client_set_anonymous(k->client, false);
    rights_begin(k->client);
    if (s->engine->settings->tls_auth_clients_user != 1 ||
        !tls_common_name(conn_tls(k->conn), name, sizeof(name)))
        return;
    struct user *u = users_find(s->engine->users, bytes_text(name));
    if (u && u->on)
        rights_set_user(k->client, u);
}

/* A TLS handshake record of any version. */
static bool is_tls_hello(const char *p, size_t n)
{
    return n >= 2 && p[0] == 0x16 && p[1] == 3;
}

/* The peer has closed its sending side but may still read, so held replies and replies made in this
 * turn are sent before the connection is closed: a message popped for this client would be lost
 * otherwise. Output that a full socket had refused earlier is dropped, since the peer may never
 * read again. So are pushes: messages of a stream subscription return to their group. */
static void leave(struct link *k, bool in_order)
{
    struct client *c = k->client;
    bool hears = c->subscriber || c->pushing || c->tracking || dlist_linked(&c->monitoring);
    bool is_owed = c->mark_n || (chain_pending(&c->out) && !k->waits_for_room);
    if (!in_order || !is_owed || hears) {
        client_close(c);
        return;
    }
    block_forget(c);
    stop_reading(k);
    client_close_after_reply(c);
}

/* Reads once and adds the input to the group. Returns how much of the buffer it used. */
static size_t read_one(struct link_set *s, struct link *k, char *to, size_t room)
{
    struct client *c = k->client;
    size_t own_room = 0;
    char *place = feed_place(c, READ_PIECE / 4, &own_room);
    char *at = place ? place : to;
    struct tls *tls = conn_tls(k->conn);
    long n = conn_read(k->conn, at, place ? own_room : room);
    if (tls) {
        if (!k->greeted && tls_is_established(tls))
            greet(s, k);
        if (n == -EAGAIN && tls_wants_room(tls)) {
            k->waits_for_room = true;
            conn_want(k->conn, !k->stopped, true);
        }
    }
    if (n == -EAGAIN || n == -EINTR)
        return 0;
    if (n <= 0) {
        if (n < 0)
            log_line(LOG_VERBOSE, "Reading from client: %s", strerror((int)-n));
        leave(k, n == 0);
        return 0;
    }
    c->active_ms = s->engine->steady_ms;
    c->total_in += (uint64_t)n;
    s->engine->stats.total_in += (uint64_t)n;
    s->engine->stats.total_reads++;
    if (place)
        feed_placed(c, (size_t)n);
    if (__builtin_expect(c->total_commands == 0, 0) && !tls &&
        is_tls_hello(place ? c->in : at, place ? c->in_n : (size_t)n)) {
        log_line(LOG_WARNING, "Closing client %s: TLS handshake on a port without TLS", c->address);
        client_close(c);
        return 0;
    }
    client_count_input(c);
    size_t kept =
        c->in_n + (c->partial ? request_memory(c->partial) : 0) + (c->txn ? c->txn->memory : 0);
    long long limit =
        c->flags & CLIENT_ANONYMOUS ? ANONYMOUS_IN : s->engine->settings->client_query_buffer_limit;
    if ((long long)kept > limit) {
        log_line(LOG_WARNING, "Closing client %s that reached max query buffer length", c->address);
        s->engine->stats.query_limit_disconnections++;
        client_close(c);
        return 0;
    }
    /* A blocked client may be served before its turn in this group; else the feed keeps it. */
    if (c->flags & (CLIENT_PAUSED | CLIENT_AUTH_DELAYED | CLIENT_CLOSE_AFTER)) {
        /* It can't run now: keep the input. */
        if (!place)
            client_keep(c, at, (size_t)n);
        client_count_input(c);
        return 0;
    }
    feed_add(s->reading->feed, c, place ? c->in : at, place ? c->in_n : (size_t)n);
    return place ? 0 : (size_t)n;
}

/* After a long script the clock is read again for the remaining clients. */
static void run_group(struct link_set *s)
{
    feed_run(s->reading->feed);
    if (__builtin_expect(s->clock_is_old, 0) && !(s->engine->slow_path & ENGINE_BUSY)) {
        s->clock_is_old = false;
        now_read(s->engine);
    }
}

/* Bounds the time until replies leave, which is at the end of the turn: the first of a hundred busy
 * clients does not wait for all others. In ticks. */
static uint64_t end_of_reading(const struct link_set *s)
{
    return clock_ticks() + s->read_ticks;
}

/* Its own script runs, or what it sent before is to run first. */
static bool waits_for_itself(const struct client *c)
{
    return c->flags & CLIENT_RUNNING ||
           (c->in_n && dlist_linked(&c->resuming) && client_may_run(c));
}

static void read_group(struct link_set *s, uint64_t until)
{
    size_t used = 0;
    feed_begin(s->reading->feed, until);
    for (int i = 0; i < FEED_GROUP && !dlist_empty(&s->readable); i++) {
        struct link *k = dlist_item(s->readable.next, struct link, readable);
        dlist_remove(&k->readable);
        if (k->client->flags & CLIENT_CLOSING)
            continue;
        if (waits_for_itself(k->client)) {
            dlist_append(&s->later, &k->readable);
            continue;
        }
        size_t got = read_one(s, k, s->reading->buffer + used, READ_PIECE);
        used += (got + 63) & ~(size_t)63;
        /* OpenSSL has decrypted more than was read. The socket may have nothing left, so epoll
         * would not report the link: it is read again in this turn. */
        if (conn_tls(k->conn) && tls_pending(conn_tls(k->conn)))
            dlist_append(&s->more, &k->readable);
    }
    run_group(s);
    dlist_splice(&s->readable, &s->more);
}

void link_read_all(struct link_set *s)
{
    uint64_t until = end_of_reading(s);
    while (!dlist_empty(&s->readable)) {
        read_group(s, until);
        if (clock_ticks() >= until)
            break;
    }
    dlist_splice(&s->readable, &s->later);
}

void link_enter_script(struct link_set *s)
{
    ASSERT(s->reading == &s->usual);
    if (!s->in_script.feed)
        s->in_script = (struct reading){feed_new(), mem_alloc_aligned(64, READ_BUFFER)};
    feed_detach_pending(s->usual.feed);
    dlist_splice(&s->readable, &s->more);
    dlist_splice(&s->readable, &s->later);
    s->clock_is_old = true;
    s->reading = &s->in_script;
}

void link_leave_script(struct link_set *s)
{
    s->reading = &s->usual;
}

/* Runs each waiting client at most once. One that has still more is put off until all links were
 * read, so that long pipelines do not keep other clients waiting. */
bool link_resume_all(struct link_set *s)
{
    struct dlist_node *resuming = &s->engine->clients.resuming;
    uint64_t until = end_of_reading(s);
    dlist_splice(&s->round, resuming);
    while (!dlist_empty(&s->round) && clock_ticks() < until) {
        struct client *c = dlist_item(s->round.next, struct client, resuming);
        dlist_remove(&c->resuming);
        if (c->flags & (CLIENT_CLOSING | CLIENT_BLOCKED | CLIENT_PAUSED | CLIENT_AUTH_DELAYED) ||
            c->in_n == 0)
            continue;
        feed_begin(s->reading->feed, until);
        feed_add(s->reading->feed, c, c->in, c->in_n);
        run_group(s);
        if (dlist_linked(&c->resuming) && client_may_run(c)) {
            dlist_remove(&c->resuming);
            dlist_append(&s->resumed, &c->resuming);
        }
    }
    if (!dlist_empty(&s->round))
        return false;
    /* These are older than what was added meanwhile. */
    dlist_splice(&s->resumed, resuming);
    dlist_splice(resuming, &s->resumed);
    return true;
}

static void write_one(struct link_set *s, struct link *k)
{
    struct client *c = k->client;
    uint64_t limit = gate_sendable(c);
    while (!k->waits_for_room && c->out.taken < limit) {
        long n = conn_write(k->conn, &c->out, limit);
        if (n == -EAGAIN) {
            k->waits_for_room = true;
            conn_want(k->conn, !k->stopped, true);
        } else if (n < 0) {
            if (n != -EINTR)
                client_close(c);
            break;
        } else {
            c->active_ms = s->engine->steady_ms;
            c->total_out += (uint64_t)n;
            s->engine->stats.total_out += (uint64_t)n;
            s->engine->stats.total_writes++;
        }
    }
    if ((c->flags & CLIENT_CLOSE_AFTER) && chain_pending(&c->out) == 0)
        client_close(c);
    if (c->flags & CLIENT_CLOSE_AFTER)
        stop_reading(k);
}

struct conn *link_connection(const struct client *c)
{
    const struct link *k = c->link;
    return k ? k->conn : NULL;
}

void link_write_all(struct link_set *s)
{
    struct engine *e = s->engine;
    if (e->gate.moves != s->held_at) {
        s->held_at = e->gate.moves;
        /* These are older than what this turn adds. */
        dlist_splice(&s->held, &e->clients.outgoing);
        dlist_splice(&e->clients.outgoing, &s->held);
    }
    while (!dlist_empty(&e->clients.outgoing)) {
        struct client *c = dlist_item(e->clients.outgoing.next, struct client, outgoing);
        dlist_remove(&c->outgoing);
        if (c->flags & CLIENT_CLOSING || !c->link)
            continue;
        if (c->flags & CLIENT_REPLICA) { /* replica/ has sent its output */
            if (c->flags & CLIENT_CLOSE_AFTER)
                client_close(c);
            continue;
        }
        write_one(s, c->link);
        /* Also when everything is sent: that ends the time over the soft limit. */
        if ((c->over_soft_ms || chain_pending(&c->out)) && client_is_over_output_limit(c)) {
            client_over_output_limit(c);
            continue;
        }
        /* Held output is tried again when the gate moves. */
        struct link *k = c->link;
        if (c->mark_n && !k->waits_for_room)
            dlist_append(&s->held, &c->outgoing);
    }
}

void link_close_all(struct link_set *s)
{
    struct engine *e = s->engine;
    struct dlist_node later; /* inside its own long script */
    dlist_init(&later);
    while (!dlist_empty(&e->clients.closing)) {
        struct client *c = dlist_item(e->clients.closing.next, struct client, closing);
        struct link *k = c->link;
        dlist_remove(&c->closing);
        if (c->flags & CLIENT_RUNNING) {
            dlist_append(&later, &c->closing);
            continue;
        }
        if (k) {
            if ((c->flags & CLIENT_KILLED_SELF) && chain_pending(&c->out))
                conn_write(k->conn, &c->out, gate_sendable(c));
            dlist_remove(&k->readable);
            conn_free(k->conn);
            log_line(LOG_VERBOSE, "Client closed connection %s", c->address);
        }
        replica_client_gone(c);
        session_close(c);
        memory_client_gone(s->memory);
        if (k)
            admit_gone(s->admit, k->peer);
        mem_free(k);
    }
    dlist_splice(&e->clients.closing, &later);
}

/* The connection is closed once its output has been sent, but the peer has not read for STUCK_MS.
 * Without this limit such a connection would stay open for ever. */
static bool is_stuck(const struct client *c)
{
    const struct link *k = c->link;
    return (c->flags & CLIENT_CLOSE_AFTER) && k->waits_for_room &&
           c->engine->steady_ms - c->active_ms > STUCK_MS;
}

void link_tick(struct link_set *s)
{
    struct engine *e = s->engine;
    for (struct dlist_node *n = e->clients.all.next; n != &e->clients.all; n = n->next) {
        struct client *c = dlist_item(n, struct client, all);
        if (!c->link || (c->flags & CLIENT_CLOSING))
            continue;
        if (client_is_idle(c) || is_stuck(c)) {
            log_line(LOG_VERBOSE, "Closing idle client");
            client_close(c);
        } else if (chain_pending(&c->out) && client_is_over_output_limit(c)) {
            client_over_output_limit(c);
        }
    }
}
