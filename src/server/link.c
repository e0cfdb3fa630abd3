#include "server/link.h"

#include "acl/users.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/block.h"
#include "engine/rights.h"
#include "engine/session.h"
#include "engine/txn.h"
#include "io/listen.h"
#include "server/admit.h"
#include "server/memory.h"
#include "server/now.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_PIECE   65536
#define ACCEPT_MOST  1000
#define ANONYMOUS_IN (1 << 20)

static void note_ready(void *context, int events)
{
    struct link *k = context;
    if ((events & LOOP_READ) && !dlist_linked(&k->readable))
        dlist_append(&k->server->readable, &k->readable);
    if (events & LOOP_WRITE) {
        k->waits_for_room = false;
        conn_want(k->conn, !k->stopped, false);
        client_has_output(k->client);
        /* A handshake may have waited for it. */
        if (conn_tls(k->conn) && !k->stopped && !dlist_linked(&k->readable))
            dlist_append(&k->server->readable, &k->readable);
    }
}

static void refuse(const struct listener *l, int fd, enum err e)
{
    if (l->is_tls) {
        close(fd);
        return;
    }
    struct bytes text = err_text(e);
    /* The best that can be done for a peer that will not be a client. */
    ssize_t n = send(fd, text.p, text.n, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)n;
    close(fd);
}

static void accept_one(struct listener *l, int fd, const char *peer, const char *local,
                       bool is_local)
{
    struct server *s = l->server;
    struct engine *e = &s->engine;
    enum err why;
    if (!admit_connection(s, l->is_unix ? "" : peer, is_local || l->is_unix, &why)) {
        e->stats.rejected_connections++;
        refuse(l, fd, why);
        return;
    }
    if (!l->is_unix)
        listen_tune(fd, (int)s->settings->tcp_keepalive);
    struct link *k = mem_zalloc(sizeof(*k));
    k->server = s;
    k->client = client_new(e);
    rights_begin(k->client);
    k->client->link = k;
    k->client->fd = fd;
    if (l->is_unix) {
        k->client->flags |= CLIENT_UNIX;
        snprintf(k->client->address, sizeof(k->client->address), "%s:0", s->settings->unixsocket);
        snprintf(k->client->local_address, sizeof(k->client->local_address), "%s:0",
                 s->settings->unixsocket);
    } else {
        snprintf(k->client->address, sizeof(k->client->address), "%s", peer);
        snprintf(k->client->local_address, sizeof(k->client->local_address), "%s", local);
    }
    k->peer = admit_peer(s, l->is_unix ? "" : peer);
    k->conn = conn_new(s->loop, fd, note_ready, k);
    if (l->is_tls) {
        conn_start_tls(k->conn, s->tls);
        client_set_anonymous(k->client, true);
    }
    /* What it sent before it was accepted has its turn now: the loop would tell of it in the next
     * turn, behind requests that came later. */
    dlist_append(&s->readable, &k->readable);
    e->stats.total_connections++;
    log_line(LOG_VERBOSE, "Accepted %s", k->client->address);
}

void link_accept(struct listener *l)
{
    for (int i = 0; i < ACCEPT_MOST; i++) {
        char peer[64] = "", local[64] = "";
        bool is_local = false;
        int fd = listen_accept(l->fd, peer, local, sizeof(peer), &is_local);
        if (fd == -ECONNABORTED || fd == -EINTR || fd == -EPROTO)
            continue;
        if (fd < 0) {
            if (fd != -EAGAIN)
                log_line(LOG_WARNING, "Accepting client connection: %s", strerror(-fd));
            return;
        }
        accept_one(l, fd, peer, local, is_local);
    }
}

static void stop_reading(struct link *k)
{
    if (k->stopped)
        return;
    k->stopped = true;
    conn_want(k->conn, false, k->waits_for_room);
}

/* The handshake has ended: until then it was a stranger whether a password is asked for or not. The
 * certificate may say who it is. */
static void greet(struct server *s, struct link *k)
{
    char name[256];
    k->greeted = true;
    client_set_anonymous(k->client, false);
    rights_begin(k->client);
    if (s->settings->tls_auth_clients_user != 1 ||
        !tls_common_name(conn_tls(k->conn), name, sizeof(name)))
        return;
    struct user *u = users_find(s->engine.users, bytes_text(name));
    if (u && u->on)
        rights_set_user(k->client, u);
}

/* A handshake record of any version. */
static bool is_tls_hello(const char *p, size_t n)
{
    return n >= 2 && p[0] == 0x16 && p[1] == 3;
}

/* The other end asks for nothing more. It may still read, and replies that the gate holds back are
 * its own: a message popped for it would be lost. */
static void leave(struct link *k, bool in_order)
{
    struct client *c = k->client;
    bool hears = c->subscriber || c->tracking || dlist_linked(&c->monitoring);
    if (!in_order || !c->mark_n || hears) {
        client_close(c);
        return;
    }
    block_forget(c);
    stop_reading(k);
    client_close_after_reply(c);
}

/* One read; adds what came to the group. Returns the bytes used of the turn buffer. */
static size_t read_one(struct server *s, struct link *k, char *to, size_t room)
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
    c->active_ms = s->engine.steady_ms;
    c->total_in += (uint64_t)n;
    s->engine.stats.total_in += (uint64_t)n;
    s->engine.stats.total_reads++;
    if (place)
        feed_placed(c, (size_t)n);
    if (__builtin_expect(c->total_commands == 0, 0) && !tls &&
        is_tls_hello(place ? c->in : at, place ? c->in_n : (size_t)n)) {
        log_line(LOG_WARNING, "Closing client %s: it speaks TLS to a port without", c->address);
        client_close(c);
        return 0;
    }
    client_count_input(c);
    size_t kept =
        c->in_n + (c->partial ? request_memory(c->partial) : 0) + (c->txn ? c->txn->memory : 0);
    long long limit =
        c->flags & CLIENT_ANONYMOUS ? ANONYMOUS_IN : s->settings->client_query_buffer_limit;
    if ((long long)kept > limit) {
        log_line(LOG_WARNING, "Closing client %s that reached max query buffer length", c->address);
        s->engine.stats.query_limit_disconnections++;
        client_close(c);
        return 0;
    }
    if (c->flags & (CLIENT_BLOCKED | CLIENT_PAUSED | CLIENT_AUTH_DELAYED | CLIENT_CLOSE_AFTER)) {
        /* It cannot run now: what came is kept. */
        if (!place)
            client_keep(c, at, (size_t)n);
        client_count_input(c);
        return 0;
    }
    feed_add(s->feed, c, place ? c->in : at, place ? c->in_n : (size_t)n);
    return place ? 0 : (size_t)n;
}

/* Who comes behind a script that took long does so later. */
static void run_group(struct server *s)
{
    feed_run(s->feed);
    if (__builtin_expect(s->clock_is_old, 0) && !(s->engine.slow_path & ENGINE_BUSY))
        now_read(s);
}

void link_read_all(struct server *s)
{
    struct dlist_node waiting; /* their own script runs */
    struct dlist_node more;
    dlist_init(&waiting);
    dlist_init(&more);
    while (!dlist_empty(&s->readable)) {
        size_t used = 0;
        feed_begin(s->feed);
        for (int i = 0; i < FEED_GROUP && !dlist_empty(&s->readable); i++) {
            struct link *k = dlist_item(s->readable.next, struct link, readable);
            dlist_remove(&k->readable);
            if (k->client->flags & CLIENT_CLOSING)
                continue;
            if (k->client->flags & CLIENT_RUNNING) {
                dlist_append(&waiting, &k->readable);
                continue;
            }
            size_t got = read_one(s, k, s->turn_buffer + used, READ_PIECE);
            used += (got + 63) & ~(size_t)63;
            /* Decrypted bytes that did not fit: the socket will not speak of them. */
            if (conn_tls(k->conn) && tls_pending(conn_tls(k->conn)))
                dlist_append(&more, &k->readable);
        }
        run_group(s);
        dlist_splice(&s->readable, &more);
    }
    dlist_splice(&s->readable, &waiting);
}

void link_resume_all(struct server *s)
{
    struct engine *e = &s->engine;
    struct dlist_node again;
    dlist_init(&again);
    /* Those who ask to go on once more wait for the next turn. */
    while (!dlist_empty(&e->clients.resuming)) {
        struct dlist_node *n = e->clients.resuming.next;
        dlist_remove(n);
        dlist_append(&again, n);
    }
    while (!dlist_empty(&again)) {
        struct client *c = dlist_item(again.next, struct client, resuming);
        dlist_remove(&c->resuming);
        if (c->flags & (CLIENT_CLOSING | CLIENT_BLOCKED | CLIENT_PAUSED | CLIENT_AUTH_DELAYED) ||
            c->in_n == 0)
            continue;
        feed_begin(s->feed);
        feed_add(s->feed, c, c->in, c->in_n);
        run_group(s);
    }
}

static void write_one(struct server *s, struct link *k)
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
            c->active_ms = s->engine.steady_ms;
            c->total_out += (uint64_t)n;
            s->engine.stats.total_out += (uint64_t)n;
            s->engine.stats.total_writes++;
        }
    }
    if ((c->flags & CLIENT_CLOSE_AFTER) && chain_pending(&c->out) == 0)
        client_close(c);
    if (c->flags & CLIENT_CLOSE_AFTER)
        stop_reading(k);
}

void link_write_all(struct server *s)
{
    struct engine *e = &s->engine;
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
        write_one(s, c->link);
        /* Also when all is sent: what was over the soft limit no longer is. */
        if ((c->over_soft_ms || chain_pending(&c->out)) && client_is_over_output_limit(c)) {
            client_over_output_limit(c);
            continue;
        }
        /* What the gate holds back is looked at again when the journal moves on. */
        struct link *k = c->link;
        if (c->mark_n && !k->waits_for_room)
            dlist_append(&s->held, &c->outgoing);
    }
}

void link_close_all(struct server *s)
{
    struct engine *e = &s->engine;
    struct dlist_node later; /* its script runs, and lets others have their turn */
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
        session_close(c);
        s->clients_enough = 0;
        if (k)
            admit_gone(s, k->peer);
        mem_free(k);
    }
    dlist_splice(&e->clients.closing, &later);
}

void link_tick(struct server *s)
{
    struct engine *e = &s->engine;
    for (struct dlist_node *n = e->clients.all.next; n != &e->clients.all; n = n->next) {
        struct client *c = dlist_item(n, struct client, all);
        if (!c->link || (c->flags & CLIENT_CLOSING))
            continue;
        if (client_is_idle(c)) {
            log_line(LOG_VERBOSE, "Closing idle client");
            client_close(c);
        } else if (chain_pending(&c->out) && client_is_over_output_limit(c)) {
            client_over_output_limit(c);
        }
    }
}
