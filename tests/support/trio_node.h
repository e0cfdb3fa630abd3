/* A server without module server: an engine with all commands and the real replica/, and a minimal
 * replacement for server/. Time and sockets belong to the test.
 *
 *   the turn      node_turn(), in the order of server/turn.c
 *   a connection  struct node_link, one end of a socket pair; or none (the test's own clients,
 *                 whose replies are taken from their output as far as the gate allows)
 *   the disk      an append-only file in memory (struct node_file): what a file would get of the
 *                 journal's batches, one frame a turn. Files received or sent are in a directory;
 *                 one for each node, since they share a process
 *   a child       the snapshot is made at once; node_child_step() plays its progress
 *
 * A start follows section 6.1 of the rules for IDs: a primary with data takes a new one, a replica
 * keeps the one that was loaded. */
#ifndef SUPPORT_TRIO_NODE_H
#define SUPPORT_TRIO_NODE_H
#include "base/log.h"
#include "commands/families.h"
#include "engine/act.h"
#include "engine/assemble.h"
#include "engine/block.h"
#include "engine/pause.h"
#include "replica/confirm.h"
#include "replica/follow.h"
#include "replica/peer.h"
#include "replica/role.h"
#include "script/scripting.h"
#include "store/expire.h"
#include "trio_disk.h"

#include <errno.h>

/* ---- Links */

static void node_ready(void *context, int events)
{
    struct node_link *k = context;
    if (events & LOOP_READ)
        k->readable = true;
    if (events & LOOP_WRITE) {
        conn_want(k->conn, true, false);
        peer_has_room(k->client);
    }
}

/* A peer has connected; the node takes ownership of the socket. False: it is full. */
static inline bool node_accept(struct node *n, int fd)
{
    for (int i = 0; i < NODE_LINKS; i++) {
        struct node_link *k = &n->links[i];
        if (k->conn)
            continue;
        struct client *c = client_new(&n->engine);
        rights_begin(c);
        snprintf(c->address, sizeof(c->address), "127.0.0.1:%d", 40000 + i);
        *k = (struct node_link){.node = n, .client = c};
        k->conn = conn_new(n->loop, fd, node_ready, k);
        c->link = k;
        c->fd = fd;
        return true;
    }
    return false;
}

static inline void node_run_bytes(struct node *n, struct client *c, const char *p, size_t size)
{
    feed_begin(n->feed, FEED_NO_END);
    feed_add(n->feed, c, p, size);
    feed_run(n->feed);
}

static inline void node_read_link(struct node *n, struct node_link *k)
{
    static char piece[65536];
    struct client *c = k->client;
    size_t room;
    k->readable = false;
    if (c->flags & CLIENT_CLOSING)
        return;
    char *place = feed_place(c, sizeof(piece) / 4, &room), *at = place ? place : piece;
    long got = conn_read(k->conn, at, place ? room : sizeof(piece));
    if (got == -EAGAIN)
        return;
    if (got <= 0) {
        client_close(c);
        return;
    }
    if (place)
        feed_placed(c, (size_t)got);
    if (client_may_run(c))
        node_run_bytes(n, c, place ? c->in : at, place ? c->in_n : (size_t)got);
    else if (!place)
        client_keep(c, at, (size_t)got);
}

static inline void node_resume(struct node *n)
{
    struct dlist_node again, *from = &n->engine.clients.resuming;
    dlist_init(&again);
    dlist_splice(&again, from);
    while (!dlist_empty(&again)) {
        struct client *c = dlist_item(again.next, struct client, resuming);
        dlist_remove(&c->resuming);
        if (client_may_run(c) && c->in_n)
            node_run_bytes(n, c, c->in, c->in_n);
    }
}

static inline void node_write_link(struct node_link *k)
{
    struct client *c = k->client;
    if (c->flags & (CLIENT_CLOSING | CLIENT_REPLICA))
        return;
    uint64_t limit = gate_sendable(c);
    while (c->out.taken < limit && conn_write(k->conn, &c->out, limit) > 0)
        ;
    if ((c->flags & CLIENT_CLOSE_AFTER) && chain_pending(&c->out) == 0)
        client_close(c);
}

/* Takes the output that the gate releases. */
static inline void node_hear(struct node_client *x)
{
    struct client *c = x->client;
    if (!c || (c->flags & CLIENT_CLOSING))
        return;
    uint64_t limit = gate_sendable(c);
    while (c->out.taken < limit) {
        struct iovec v;
        if (chain_pieces(&c->out, &v, 1, limit - c->out.taken) == 0)
            break;
        buf_add(&x->heard, bytes_of(v.iov_base, v.iov_len));
        chain_take(&c->out, v.iov_len);
    }
}

static inline void node_close_all(struct node *n)
{
    struct dlist_node *closing = &n->engine.clients.closing;
    while (!dlist_empty(closing)) {
        struct client *c = dlist_item(closing->next, struct client, closing);
        struct node_link *k = NULL;
        for (int i = 0; i < NODE_LINKS; i++)
            if (n->links[i].client == c)
                k = &n->links[i];
        dlist_remove(&c->closing);
        replica_client_gone(c);
        for (int i = 0; i < NODE_CLIENTS; i++)
            if (n->clients[i].client == c)
                n->clients[i].client = NULL;
        session_close(c);
        if (k) {
            conn_free(k->conn);
            *k = (struct node_link){0};
        }
    }
}

/* ---- The turn */

static inline void node_clock(struct node *n)
{
    struct engine *e = &n->engine;
    e->steady_ms = *n->now_ms;
    e->now_ms = e->store->now_ms = 1700000000000 + *n->now_ms;
}

static inline void node_flush_and_send(struct node *n)
{
    struct engine *e = &n->engine;
    client_order_output(e);
    replica_begin_flush(n->r);
    if (n->reader.journal)
        node_file_take(n);
    struct gate_promise p = node_promise(n);
    gate_tell(e, &p);
    replica_send(n->r);
    gate_before_sending(e);
    for (int i = 0; i < NODE_LINKS; i++)
        if (n->links[i].conn)
            node_write_link(&n->links[i]);
    for (int i = 0; i < NODE_CLIENTS; i++)
        node_hear(&n->clients[i]);
}

/* As server/turn.c and server/cron.c. */
static inline void node_turn(struct node *n)
{
    struct engine *e = &n->engine;
    node_enter(n);
    node_clock(n);
    loop_turn(n->loop, 0);
    struct gate_promise p = node_promise(n);
    gate_begin_turn(e, &p);
    if (e->debug.active_expire && act_may(e))
        expire_step(e->store, 1000000);
    replica_tick(n->r);
    timer_run(&e->timers, e->steady_ms, e->now_ms);
    pause_run_due(e);
    block_run_due(e);
    replica_read(n->r);
    node_resume(n);
    for (int i = 0; i < NODE_LINKS; i++)
        if (n->links[i].readable)
            node_read_link(n, &n->links[i]);
    if (block_has_work(e))
        block_serve(e);
    replica_serve(n->r);
    node_flush_and_send(n);
    node_close_all(n);
    replica_end_turn(n->r);
}

/* A client of the test sends this, in RESP, which is executed at once. */
static inline void node_says(struct node *n, int client, struct bytes request)
{
    struct node_client *x = &n->clients[client];
    node_enter(n);
    node_clock(n);
    if (!x->client) {
        x->client = client_new(&n->engine);
        rights_begin(x->client);
        x->client->link = x; /* counts as having a connection */
    }
    x->heard.n = 0;
    node_run_bytes(n, x->client, request.p, request.n);
}

/* ---- Start and end */

static inline void node_configure(struct node *n)
{
    struct settings *s = n->settings = settings_new();
    s->min_replicas_to_ack = n->setup.to_ack;
    s->repl_diskless_sync = n->setup.diskless;
    s->repl_diskless_sync_delay = n->setup.delay_s;
    s->repl_backlog_size = 16384;
    s->repl_timeout = n->setup.timeout_s;
    s->repl_ping_replica_period = 1;
    s->appendonly = n->setup.appendonly;
    s->port = n->setup.own_port;
    s->repl_diskless_load = n->setup.diskless_load;
    if (n->setup.port) {
        char text[32];
        mem_free(s->replicaof);
        snprintf(text, sizeof(text), "127.0.0.1 %d", n->setup.port);
        s->replicaof = mem_copy_text(text, strlen(text));
    }
}

static inline void node_start(struct node *n)
{
    struct engine *e = &n->engine;
    const struct replication_services services = {.context = n,
                                                  .connection = node_connection,
                                                  .may_fork = node_may_fork,
                                                  .fork = node_fork,
                                                  .kill = node_kill,
                                                  .load = node_load_copy,
                                                  .load_ended = node_load_ended};
    node_configure(n);
    rng_hex(n->run_id, 40);
    n->feed = feed_new();
    n->loop = loop_new();
    *e = (struct engine){0};
    assemble_begin(e, n->settings, registry_new(families_all()), 1);
    node_clock(n);
    e->scripting = scripting_new(e);
    n->r = replica_new(e, n->loop, &services, n->run_id);
    struct bytes tail = {0};
    bool loaded = node_load_all(n, &tail), replica = n->setup.port != 0;
    if (!loaded)
        journal_begin_history(e->journal);
    if (replica)
        journal_set_mode(e->journal, JOURNAL_RAW);
    if (n->setup.appendonly && n->file.whole)
        journal_attach(e->journal, &n->reader);
    else if (n->setup.appendonly)
        node_file_begin(n);
    node_file_done(n);
    if (replica || n->setup.to_ack || (loaded && n->setup.appendonly))
        replica_begin(n->r, tail);
    if (loaded && !replica && !n->setup.to_ack)
        journal_shift(e->journal, NULL);
    role_begin(n->r);
    n->up = true;
}

/* The process ends, and the file loses its last `torn` frames. */
static inline void node_stop(struct node *n, size_t torn)
{
    struct engine *e = &n->engine;
    struct node_file *f = &n->file;
    n->up = false;
    node_enter(n);
    replica_part(n->r);
    node_kill(n);
    for (struct dlist_node *at = e->clients.all.next; at != &e->clients.all; at = at->next)
        client_close(dlist_item(at, struct client, all));
    node_close_all(n);
    replica_free(n->r);
    journal_detach(&n->reader);
    scripting_free(e->scripting);
    assemble_end(e);
    loop_free(n->loop);
    feed_free(n->feed);
    settings_free(n->settings);
    node_file_free(&n->next);
    n->has_next = false;
    f->n -= torn < f->n ? torn : f->n ? f->n - 1 : 0;
    if (f->n) {
        f->log.n = f->frames[f->n - 1].end;
        f->stream.n = f->frames[f->n - 1].stream_end;
    }
}

/* Wipes its disk. */
static inline void node_wipe(struct node *n)
{
    node_file_free(&n->file);
    buf_free(&n->dump);
}

#endif
