/* The life of a connection:
 *
 *   open_one()     Admission and console-clients decide whether it is accepted.
 *   note_ready()   Callback of the event loop: only puts it into a list.
 *   read_one()     One read; the exchange takes what belongs to a request. Bytes after that are
 *                  kept, and nothing more is read until the response was sent: no pipelining into
 *                  memory.
 *   work           Steps of exchanges, in turn, for at most TURN_US. Unfinished ones stay in line,
 *                  and the loop does not sleep.
 *   send_one()     After the flush of the journal, at most SEND_MOST a turn. A streaming response
 *                  is sent while it is produced.
 *   drop()         Frees it. If a response ends the connection while the client still sends, input
 *                  is read and discarded for a moment (LEAVING): a TCP reset might destroy the
 *                  response.
 *
 * Places: a quarter of console-clients is for strangers, connections whose last request had no
 * user; the rest is for users. When all places of a kind are taken, its oldest idle connection is
 * closed; so neither kind can keep out the other: strangers may want to log in. If all users'
 * connections are busy, a further user gets a stranger's place.
 *
 * The tick enforces time limits: HEAD_MS for a head from its first byte, BODY_MS for a body,
 * IDLE_MS without a request, STUCK_MS in which the peer accepts nothing. */
#include "server/console_link.h"

#include "admin/exchange.h"
#include "base/clock.h"
#include "base/mem.h"
#include "io/conn.h"
#include "io/listen.h"
#include "server/admit.h"
#include "server/console_listen.h"
#include "server/version.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_PIECE     16384
#define SEND_MOST      (256 << 10)
#define TURN_US        200
#define STRANGERS_PART 4 /* the fraction of console-clients reserved for them */

#define HEAD_MS  10000 /* also of a TLS handshake */
#define BODY_MS  30000
#define IDLE_MS  60000
#define STUCK_MS 30000
#define LEAVE_MS 2000

struct line { /* a connection */
    struct console_link *all;
    struct conn *conn;
    struct dict_node *peer; /* admit_peer() */
    struct exchange exchange;
    struct buf kept;            /* input after the current request */
    struct dlist_node node;     /* in lines, the oldest first */
    struct dlist_node readable; /* in readable */
    struct dlist_node working;  /* in working */
    struct dlist_node sending;  /* in sending */
    int64_t moved_ms;           /* when the peer last accepted bytes, or connected */
    enum { LINE_OPEN, LINE_LEAVING, LINE_GONE } state;
    bool waits_for_room;
    bool is_held;  /* what it would send relies on a write that failed */
    bool is_known; /* has a place of users */
};

struct console_link {
    struct engine *engine;
    struct loop *loop;
    struct admit *admit;
    int (*loading_percent)(void *context);
    void *context;
    struct exchange_all exchanges;
    struct console_listen *listen;
    struct dlist_node lines, readable, working, waiting, sending;
    long long known;
    char buffer[READ_PIECE];
};

static void open_one(void *context, int fd, const char *peer, bool is_local);

struct console_link *console_link_new(struct engine *e, struct loop *l, struct admit *a,
                                      int (*loading_percent)(void *context), void *context)
{
    struct console_link *k = mem_zalloc(sizeof(*k));
    k->engine = e;
    k->loop = l;
    k->admit = a;
    k->loading_percent = loading_percent;
    k->context = context;
    k->exchanges = (struct exchange_all){.engine = e,
                                         .rates = guard_rates_new(),
                                         .logins = login_table_new(),
                                         .version = VERSION_MILLRACE,
                                         .loading_percent = -1};
    k->listen = console_listen_new(e->settings, l, open_one, k);
    dlist_init(&k->lines);
    dlist_init(&k->readable);
    dlist_init(&k->working);
    dlist_init(&k->waiting);
    dlist_init(&k->sending);
    return k;
}

static void drop(struct line *x)
{
    struct console_link *k = x->all;
    dlist_remove(&x->node);
    dlist_remove(&x->readable);
    dlist_remove(&x->working);
    dlist_remove(&x->sending);
    exchange_end(&x->exchange);
    buf_free(&x->kept);
    conn_free(x->conn);
    admit_gone(k->admit, x->peer);
    k->known -= x->is_known;
    k->exchanges.figures.connections--;
    mem_free(x);
}

void console_link_free(struct console_link *k)
{
    while (!dlist_empty(&k->lines))
        drop(dlist_item(k->lines.next, struct line, node));
    guard_rates_free(k->exchanges.rates);
    login_table_free(k->exchanges.logins);
    callable_free(&k->exchanges.callable);
    console_listen_free(k->listen);
    mem_free(k);
}

/* ---- New connections */

/* There is output, or the end of a response, to handle. */
static bool has_output(const struct line *x)
{
    return !x->is_held &&
           (x->exchange.phase == EXCHANGE_ANSWERED ||
            (x->exchange.phase == EXCHANGE_STREAMING && chain_pending(&x->exchange.out)));
}

static void note_ready(void *context, int events)
{
    struct line *x = context;
    if ((events & LOOP_READ) && !dlist_linked(&x->readable))
        dlist_append(&x->all->readable, &x->readable);
    if (events & LOOP_WRITE) {
        x->waits_for_room = false;
        /* A TLS handshake may have waited for room. */
        if (!dlist_linked(&x->readable))
            dlist_append(&x->all->readable, &x->readable);
        if (has_output(x) && !dlist_linked(&x->sending))
            dlist_append(&x->all->sending, &x->sending);
    }
}

/* Whether the socket is read: while a request may come; and while a response streams, up to one
 * read of the next request, to notice when the connection is closed. */
static bool reads(const struct line *x)
{
    return x->state == LINE_LEAVING || x->exchange.phase < EXCHANGE_WORKING ||
           (x->exchange.phase == EXCHANGE_STREAMING && !x->kept.n);
}

static void want(struct line *x)
{
    conn_want(x->conn, reads(x), x->waits_for_room);
}

/* Makes a place by closing the oldest idle connection of a kind. */
static bool drop_idle(struct console_link *k, bool is_known)
{
    for (struct dlist_node *n = k->lines.next; n != &k->lines; n = n->next) {
        struct line *x = dlist_item(n, struct line, node);
        if (x->is_known == is_known && x->exchange.phase < EXCHANGE_WORKING) {
            drop(x);
            return true;
        }
    }
    return false;
}

static long long strangers_places(const struct console_link *k)
{
    long long n = k->engine->settings->console_clients / STRANGERS_PART;
    return n ? n : 1;
}

/* For a new connection: a stranger's at first. */
static bool has_place(struct console_link *k)
{
    return k->exchanges.figures.connections - k->known < strangers_places(k) || drop_idle(k, false);
}

/* Updates the kind of its place by the user of its last request. */
static void take_place(struct line *x)
{
    struct console_link *k = x->all;
    bool is_known = x->exchange.user != NULL;
    if (is_known == x->is_known)
        return;
    long long places = k->engine->settings->console_clients - strangers_places(k);
    if (is_known && k->known >= places && !drop_idle(k, true))
        return;
    x->is_known = is_known;
    k->known += is_known ? 1 : -1;
}

/* "a.b.c.d:port" or "[v6]:port" without the port and the brackets. */
static void set_peer(struct guard_peer *p, const char *peer)
{
    const char *colon = strrchr(peer, ':');
    size_t n = colon ? (size_t)(colon - peer) : strlen(peer);
    if (n >= 2 && *peer == '[' && peer[n - 1] == ']')
        peer++, n -= 2;
    snprintf(p->address, sizeof(p->address), "%.*s", (int)n, peer);
}

/* Refuses a connection briefly, before reading anything, as far as the socket takes it. */
static void refuse_connection(int fd, bool is_tls)
{
    static const char full[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"
                               "Content-Length: 0\r\nConnection: close\r\n\r\n";
    ssize_t n = is_tls ? 0 : send(fd, full, sizeof(full) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)n;
    close(fd);
}

static void open_one(void *context, int fd, const char *peer, bool is_local)
{
    struct console_link *k = context;
    struct tls_context *tls = console_listen_tls(k->listen);
    enum err why;
    if (!admit_connection(k->admit, peer, is_local, &why) || !has_place(k)) {
        k->engine->stats.rejected_connections++;
        refuse_connection(fd, tls != NULL);
        return;
    }
    struct line *x = mem_zalloc(sizeof(*x));
    struct guard_peer who = {.is_loopback = is_local, .is_tls = tls != NULL};
    set_peer(&who, peer);
    listen_tune(fd, (int)k->engine->settings->tcp_keepalive);
    x->all = k;
    x->peer = admit_peer(k->admit, peer);
    x->moved_ms = k->engine->steady_ms;
    exchange_begin(&x->exchange, &k->exchanges, &who);
    x->conn = conn_new(k->loop, fd, note_ready, x);
    if (tls)
        conn_start_tls(x->conn, tls);
    dlist_append(&k->lines, &x->node);
    dlist_append(&k->readable, &x->readable);
    k->exchanges.figures.connections++;
}

void console_link_close(struct console_link *k)
{
    console_listen_close(k->listen);
}

void console_link_close_copies(struct console_link *k)
{
    console_listen_close_copies(k->listen);
}

bool console_link_configure_tls(struct console_link *k)
{
    return console_listen_configure_tls(k->listen);
}

int64_t console_link_certificate_ends_s(const struct console_link *k)
{
    return tls_context_ends_s(console_listen_tls(k->listen));
}

bool console_link_open(struct console_link *k)
{
    return console_listen_open(k->listen);
}

/* ---- Reading and working */

/* Puts it into the lists that fit the exchange's phase. */
static void update_lists(struct line *x)
{
    struct console_link *k = x->all;
    enum exchange_phase phase = x->exchange.phase;
    bool works = phase == EXCHANGE_WORKING ||
                 (phase == EXCHANGE_STREAMING && !x->is_held && exchange_is_due(&x->exchange));
    bool waits = phase == EXCHANGE_WAITING || phase == EXCHANGE_STREAMING || x->is_held;
    if ((works || waits) && !dlist_linked(&x->working))
        dlist_append(works ? &k->working : &k->waiting, &x->working);
    if (has_output(x) && !x->waits_for_room && !dlist_linked(&x->sending))
        dlist_append(&k->sending, &x->sending);
    want(x);
}

static void give(struct line *x, struct bytes in)
{
    struct guard_peer *p = &x->exchange.peer;
    const struct tls *t = conn_tls(x->conn);
    if (t && !tls_common_name(t, p->certified, sizeof(p->certified)))
        *p->certified = 0;
    exchange_take(&x->exchange, &in);
    if (in.n)
        buf_add(&x->kept, in);
    update_lists(x);
}

/* Kept input precedes what the socket holds. */
static void give_kept(struct line *x)
{
    struct buf was = x->kept;
    x->kept = (struct buf){0};
    give(x, buf_bytes(&was));
    buf_free(&was);
}

static void read_one(struct line *x)
{
    struct console_link *k = x->all;
    if (!reads(x))
        return;
    if (x->kept.n && x->state == LINE_OPEN) {
        give_kept(x);
        return;
    }
    long n = conn_read(x->conn, k->buffer, READ_PIECE);
    struct tls *tls = conn_tls(x->conn);
    if (n == -EAGAIN && tls && tls_wants_room(tls)) {
        x->waits_for_room = true;
        want(x);
    }
    if (n == -EAGAIN || n == -EINTR)
        return;
    if (n <= 0) {
        x->state = LINE_GONE;
        return;
    }
    k->engine->stats.total_in += (uint64_t)n;
    if (x->state == LINE_LEAVING)
        return;
    if (x->exchange.phase == EXCHANGE_STREAMING) { /* the next request */
        buf_add(&x->kept, bytes_of(k->buffer, (size_t)n));
        want(x);
        return;
    }
    x->moved_ms = k->engine->steady_ms;
    give(x, bytes_of(k->buffer, (size_t)n));
    /* OpenSSL holds plaintext that the loop will not report. */
    if (tls && tls_pending(tls) && !dlist_linked(&x->readable))
        dlist_append(&k->readable, &x->readable);
}

static void read_all(struct console_link *k)
{
    struct dlist_node now;
    dlist_init(&now);
    dlist_splice(&now, &k->readable);
    while (!dlist_empty(&now)) {
        struct line *x = dlist_item(now.next, struct line, readable);
        dlist_remove(&x->readable);
        read_one(x);
        if (x->state == LINE_GONE)
            drop(x);
    }
}

/* Continues exchanges that waited for a time or for the gate. The tick ensures that there is a
 * turn; the gate's changes wake the loop. */
static void resume_waiting(struct console_link *k)
{
    struct dlist_node now;
    dlist_init(&now);
    dlist_splice(&now, &k->waiting);
    while (!dlist_empty(&now)) {
        struct line *x = dlist_item(now.next, struct line, working);
        dlist_remove(&x->working);
        if (x->is_held && exchange_is_lost(&x->exchange)) {
            drop(x);
            continue;
        }
        x->is_held = x->is_held && !exchange_may_leave(&x->exchange);
        if (x->exchange.phase == EXCHANGE_WAITING)
            exchange_is_due(&x->exchange);
        update_lists(x);
    }
}

const struct http_figures *console_link_figures(const struct console_link *k)
{
    return &k->exchanges.figures;
}

bool console_link_has_work(const struct console_link *k)
{
    return !dlist_empty(&k->readable) || !dlist_empty(&k->working) || !dlist_empty(&k->sending);
}

static void work(struct console_link *k)
{
    int64_t end_us = clock_mono_us() + TURN_US;
    do {
        struct line *x = dlist_item(k->working.next, struct line, working);
        dlist_remove(&x->working);
        bool was_idle = chain_pending(&x->exchange.out) == 0;
        exchange_step(&x->exchange);
        if (was_idle) /* it had nothing to accept so far */
            x->moved_ms = k->engine->steady_ms;
        if (x->exchange.phase >= EXCHANGE_STREAMING)
            take_place(x);
        update_lists(x);
    } while (!dlist_empty(&k->working) && clock_mono_us() < end_us);
}

void console_link_run(struct console_link *k)
{
    if (dlist_empty(&k->lines))
        return;
    uint64_t began = clock_ticks();
    k->exchanges.loading_percent = k->loading_percent(k->context);
    read_all(k);
    resume_waiting(k);
    if (!dlist_empty(&k->working))
        work(k);
    k->exchanges.figures.ticks += clock_ticks() - began;
}

/* ---- Sending */

/* The whole response was sent. */
static void finish(struct line *x)
{
    struct console_link *k = x->all;
    dlist_remove(&x->sending);
    if (x->exchange.closes && conn_tls(x->conn)) {
        x->state = LINE_GONE; /* TLS ends with its own close_notify */
        return;
    }
    if (x->exchange.closes) {
        x->state = LINE_LEAVING;
        x->moved_ms = k->engine->steady_ms;
        shutdown(conn_fd(x->conn), SHUT_WR);
        want(x);
        return;
    }
    exchange_sent(&x->exchange);
    want(x);
    /* Even if nothing was kept: a TLS connection may hold decrypted bytes. */
    if (!dlist_linked(&x->readable))
        dlist_append(&k->readable, &x->readable);
}

static void send_one(struct line *x)
{
    struct console_link *k = x->all;
    struct chain *out = &x->exchange.out;
    size_t left = SEND_MOST;
    x->is_held = !exchange_may_leave(&x->exchange);
    if (x->is_held) {
        dlist_remove(&x->working);
        dlist_append(&k->waiting, &x->working);
        return;
    }
    while (left && !x->waits_for_room && chain_pending(out)) {
        long n = conn_write(x->conn, out, chain_end(out));
        if (n == -EAGAIN) {
            x->waits_for_room = true;
            want(x);
        } else if (n < 0) {
            if (n == -EINTR)
                continue;
            x->state = LINE_GONE;
            return;
        } else {
            x->moved_ms = k->engine->steady_ms;
            k->engine->stats.total_out += (uint64_t)n;
            left -= (size_t)n < left ? (size_t)n : left;
        }
    }
    if (chain_pending(out) == 0 && x->exchange.phase == EXCHANGE_ANSWERED)
        finish(x);
    if (x->exchange.phase == EXCHANGE_STREAMING) { /* there may be room in the socket */
        dlist_remove(&x->working);
        update_lists(x);
    }
}

void console_link_send(struct console_link *k)
{
    struct dlist_node now;
    if (dlist_empty(&k->sending))
        return;
    uint64_t began = clock_ticks();
    dlist_init(&now);
    dlist_splice(&now, &k->sending);
    while (!dlist_empty(&now)) {
        struct line *x = dlist_item(now.next, struct line, sending);
        dlist_remove(&x->sending);
        send_one(x);
        if (x->state == LINE_GONE)
            drop(x);
        else if (x->state == LINE_OPEN && has_output(x) && !x->waits_for_room &&
                 !dlist_linked(&x->sending))
            dlist_append(&k->sending, &x->sending);
    }
    k->exchanges.figures.ticks += clock_ticks() - began;
}

/* ---- Time limits */

/* Whether a time limit has passed; the exchange may respond to that. */
static bool is_late(struct line *x, int64_t now)
{
    struct exchange *e = &x->exchange;
    const struct tls *tls = conn_tls(x->conn);
    int64_t phase_ms = now - e->since_ms;
    if (x->state == LINE_LEAVING)
        return now - x->moved_ms > LEAVE_MS;
    switch (e->phase) {
    case EXCHANGE_IDLE:
        return phase_ms > (tls && !tls_is_established(tls) ? HEAD_MS : IDLE_MS);
    case EXCHANGE_HEAD:
        return phase_ms > HEAD_MS;
    case EXCHANGE_BODY:
        return phase_ms > BODY_MS;
    case EXCHANGE_STREAMING:
        return chain_pending(&e->out) && now - x->moved_ms > STUCK_MS;
    case EXCHANGE_ANSWERED:
        return now - x->moved_ms > STUCK_MS && phase_ms > STUCK_MS;
    default:
        return false;
    }
}

void console_link_tick(struct console_link *k)
{
    int64_t now = k->engine->steady_ms;
    struct dlist_node *n = k->lines.next;
    console_listen_tick(k->listen);
    while (n != &k->lines) {
        struct line *x = dlist_item(n, struct line, node);
        n = n->next;
        if (!is_late(x, now))
            continue;
        bool says = x->state == LINE_OPEN &&
                    (x->exchange.phase == EXCHANGE_HEAD || x->exchange.phase == EXCHANGE_BODY);
        if (!says) {
            drop(x);
            continue;
        }
        exchange_too_late(&x->exchange);
        update_lists(x);
    }
}
