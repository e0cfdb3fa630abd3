/* Three servers in one process (trio_node.h), the network between them, and a random schedule from
 * a seed: which node takes a turn, how many bytes of which connection arrive, what breaks, who
 * becomes primary or replica.
 *
 *   bytes      The test owns both ends of a connection: what a node sends is collected at once, and
 *              delivered when the schedule says so, in pieces of any size. This file defines
 *              connect(): port TRIO_PORT + i of 127.0.0.1 is node i
 *   chaos      Anything may happen to any node: a crash with its file, without it or with its end
 *              lost, and REPLICAOF to any other node
 *   single     min-replicas-to-ack 1. Connections break, replicas crash and keep their files; then
 *              the primary fails, once, and another node takes over
 *   confirmed  the same setting. Any node is promoted at any time, replicas are sent to any node,
 *              FAILOVER runs; connections break, nodes are partitioned or frozen, restart with all
 *              data, and once with less (trio_confirmed.h)
 *
 * In the last two, nothing that a client may have been told is ever missing where clients are told
 * something (trio_told.h), nor at the end.
 *
 * Invariants after each turn are in trio_look(), those at the end in trio_judge(). A failing seed
 * is printed; with it as argument the program runs only that. */
#ifndef SUPPORT_TRIO_H
#define SUPPORT_TRIO_H
#include "store/digest.h"
#include "trio_told.h"

/* ---- What holds */

/* The digest of all data, including expired keys, which are deleted when the stream says so.
 * Reading all data is the largest cost of a schedule: it is done only when the node's offset or its
 * number of changes has moved. Changes that are not counted are found by store/changes. */
static inline const unsigned char *trio_digest(struct trio *t, int i)
{
    const struct node *n = &t->nodes[i];
    struct store *s = n->engine.store;
    struct trio_read *x = &t->seen[i].read;
    uint64_t offset = n->engine.journal->offset;
    long long changes = s->touched + s->dirty + s->expired + s->expired_fields + n->loads;
    if (x->valid && x->offset == offset && x->changes == changes)
        return x->digest;
    bool before = s->expiry_ignored;
    s->expiry_ignored = true;
    digest_store(s, x->digest);
    s->expiry_ignored = before;
    x->valid = true;
    x->offset = offset;
    x->changes = changes;
    return x->digest;
}

/* No two nodes at the same offset of the same history may ever have different data. */
static inline void trio_compare(struct trio *t, const struct node *n, int i)
{
    const struct journal *j = n->engine.journal;
    uint64_t h = j->offset * 0x9e3779b97f4a7c15u;
    const unsigned char *digest = trio_digest(t, i);
    for (const char *p = j->history.id; *p; p++)
        h = (h ^ (unsigned char)*p) * 0x100000001b3u;
    log_line(LOG_VERBOSE, "---- node %d: %.8s %llu has %02x%02x%02x%02x", i, j->history.id,
             (unsigned long long)j->offset, digest[0], digest[1], digest[2], digest[3]);
    for (unsigned tries = 0; tries < 64; tries++, h++) {
        struct trio_point *x = &t->points[h & (TRIO_POINTS - 1)];
        if (!x->used) {
            *x = (struct trio_point){.used = true, .offset = j->offset};
            memcpy(x->id, j->history.id, sizeof(x->id));
            memcpy(x->digest, digest, sizeof(x->digest));
            return;
        }
        if (x->offset != j->offset || strcmp(x->id, j->history.id) != 0)
            continue;
        t->compared++;
        if (memcmp(x->digest, digest, sizeof(x->digest)) != 0)
            trio_fail(t, "node %d has other data at %.8s %llu than somebody had there", i, x->id,
                      (unsigned long long)x->offset);
        return;
    }
}

static inline void trio_look(struct trio *t, int i)
{
    const struct node *n = &t->nodes[i];
    const struct journal *j = n->engine.journal;
    struct trio_seen *s = &t->seen[i];
    bool replica = trio_is_replica(n);
    if (!journal_is_sound(j) || !history_is_sound(&j->history) ||
        (backlog_is_open(&n->r->backlog) && !backlog_is_sound(&n->r->backlog)))
        trio_fail(t, "node %d: its journal is not sound", i);
    if (s->replica && replica && s->loads == n->loads && j->offset < s->offset)
        trio_fail(t, "node %d went back from %llu to %llu", i, (unsigned long long)s->offset,
                  (unsigned long long)j->offset);
    if (t->kind != TRIO_CHAOS)
        trio_look_at_promises(t, i);
    s->offset = j->offset;
    s->loads = n->loads;
    s->replica = replica;
    /* Without readers the journal's offset does not advance. */
    if (j->on)
        trio_compare(t, n, i);
}

/* ---- Roles and faults */

/* As Sentinel does: by a command, and in the configuration. */
static inline void trio_follow(struct trio *t, int i, int primary)
{
    t->nodes[i].setup.port = i == primary ? 0 : TRIO_PORT + primary;
    if (!t->nodes[i].up)
        return;
    if (i == primary)
        trio_says(t, i, TRIO_ADMIN, "REPLICAOF NO ONE");
    else
        trio_says(t, i, TRIO_ADMIN, "REPLICAOF 127.0.0.1 %d", TRIO_PORT + primary);
    t->promotions += i == primary;
}

static inline void trio_start(struct trio *t, int i)
{
    if (t->nodes[i].up)
        return;
    log_line(LOG_VERBOSE, "---- node %d starts", i);
    t->turn_of = i;
    t->seen[i] = (struct trio_seen){0};
    node_start(&t->nodes[i]);
}

/* deliver: what it sent still arrives, as from a killed process. */
static inline void trio_crash(struct trio *t, int i, size_t torn, bool wipe, bool deliver)
{
    struct node *n = &t->nodes[i];
    if (!n->up)
        return;
    log_line(LOG_VERBOSE, "---- node %d crashes", i);
    t->fulls += (unsigned)n->r->figures.full;
    t->partials += (unsigned)n->r->figures.partial;
    node_stop(n, torn);
    if (wipe)
        node_wipe(n);
    for (int w = 0; w < TRIO_WIRES; w++)
        trio_collect(&t->wires[w], i);
    if (!deliver)
        trio_cut_all(t, i);
    memset(t->asked[i], 0, sizeof(t->asked[i]));
    for (int c = 0; c < NODE_CLIENTS; c++)
        buf_free(&n->clients[c].heard);
    t->crashes++;
}

static inline void trio_turn(struct trio *t, int i)
{
    if (!t->nodes[i].up || t->frozen[i])
        return;
    t->turn_of = i;
    node_turn(&t->nodes[i]);
    trio_hear(t, i);
    trio_look(t, i);
    for (int w = 0; w < TRIO_WIRES && t->sends[i]; w++)
        trio_collect(&t->wires[w], i);
    t->sends[i] = false;
}

/* ---- The schedule */

/* Starts no node yet. */
static inline void trio_prepare(struct trio *t, uint64_t seed, enum trio_kind kind)
{
    *t = (struct trio){.seed = seed, .now_ms = 1000, .kind = kind};
    rng_seed(&t->rng, seed * 3 + kind);
    rng_seed(&trio_ids, ~t->rng.s[0]);
    t->points = mem_zalloc(TRIO_POINTS * sizeof(*t->points));
    trio_now = t;
    for (int i = 0; i < TRIO_NODES; i++) {
        struct node *n = &t->nodes[i];
        n->now_ms = &t->now_ms;
        snprintf(n->dir, sizeof(n->dir), "/tmp/millrace-trio-XXXXXX");
        if (!mkdtemp(n->dir))
            abort();
    }
}

static inline void trio_begin(struct trio *t, uint64_t seed, enum trio_kind kind)
{
    trio_prepare(t, seed, kind);
    bool files = trio_below(t, 2);
    t->may_lose = kind == TRIO_CONFIRMED && trio_below(t, 4);
    for (int i = 0; i < TRIO_NODES; i++) {
        t->nodes[i].setup =
            (struct node_setup){.appendonly = kind == TRIO_SINGLE ? files : trio_below(t, 2),
                                .diskless = trio_below(t, 3) > 0,
                                .to_ack = kind != TRIO_CHAOS || trio_below(t, 4) == 0,
                                .delay_s = (int)trio_below(t, 2),
                                .own_port = TRIO_PORT + i,
                                .diskless_load = (int)trio_below(t, 3),
                                .timeout_s = t->may_lose ? TRIO_NEVER_S : 10,
                                .port = i ? TRIO_PORT : 0};
        trio_start(t, i);
    }
}

static inline void trio_end(struct trio *t)
{
    for (int i = 0; i < TRIO_NODES; i++) {
        struct node *n = &t->nodes[i];
        char path[128];
        trio_crash(t, i, 0, true, false);
        buf_free(&n->child.bytes);
        node_leave();
        snprintf(path, sizeof(path), "%s/dump.rdb", n->dir);
        unlink(path);
        if (rmdir(n->dir) < 0)
            trio_fail(t, "node %d leaves files behind", i);
    }
    mem_free(t->points);
}

/* Delivers everything in transit, and gives each node a turn. */
static inline void trio_moves_on(struct trio *t, int64_t ms)
{
    t->now_ms += ms;
    for (int i = 0; i < TRIO_NODES; i++) {
        t->turn_of = i;
        node_child_step(&t->nodes[i], 1 << 20);
        trio_turn(t, i);
        for (int w = 0; w < TRIO_WIRES * 2; w++)
            trio_deliver(&t->wires[w / 2], w & 1, 1 << 20);
    }
}

static inline void trio_settles(struct trio *t)
{
    for (int i = 0; i < TRIO_NODES; i++)
        if (t->nodes[i].up)
            node_file_done(&t->nodes[i]);
    for (int round = 0; round < 4; round++)
        trio_moves_on(t, 25);
}

/* The node that clients take for the primary; if there are several, each has some clients. */
static inline int trio_clients_find(struct trio *t)
{
    if (t->kind != TRIO_CONFIRMED)
        return t->primary;
    int i = (int)trio_below(t, TRIO_NODES);
    for (int n = 1; n < TRIO_NODES && (!t->nodes[i].up || trio_is_replica(&t->nodes[i])); n++)
        i = (i + 1) % TRIO_NODES;
    return i;
}

/* Events that may happen at any time and do no harm. */
static inline void trio_usual(struct trio *t)
{
    int i = (int)trio_below(t, TRIO_NODES), who = trio_below(t, 8) ? trio_clients_find(t) : i;
    unsigned what = trio_below(t, 100);
    if (what < 10) {
        trio_moves_on(t, 20);
    } else if (what < 45) {
        trio_turn(t, i);
    } else if (what < 70) {
        struct trio_wire *w = &t->wires[trio_below(t, trio_below(t, 2) ? 3 : TRIO_WIRES)];
        size_t n = trio_below(t, 3) ? 1 << 20 : 1 + trio_below(t, 200);
        trio_deliver(w, (int)trio_below(t, 2), n);
    } else if (what < 90) {
        if (!t->nodes[who].up || t->frozen[who])
            return;
        if (trio_below(t, 3))
            trio_writes(t, who);
        else if (t->kind == TRIO_CONFIRMED && trio_below(t, 3) == 0)
            trio_reads_numbers(t, who);
        else
            trio_writes_number(t, who);
    } else if (what < 95) {
        t->now_ms += 1 + trio_below(t, 200);
    } else if (what < 99) {
        t->turn_of = i;
        node_child_step(&t->nodes[i], trio_below(t, 2) ? 1 << 20 : 1 + trio_below(t, 500));
    } else if (t->nodes[i].up) {
        node_file_done(&t->nodes[i]);
    }
}

static inline void trio_breaks(struct trio *t)
{
    int i = (int)trio_below(t, TRIO_NODES), other = (i + 1 + (int)trio_below(t, 2)) % TRIO_NODES;
    struct node *n = &t->nodes[i];
    unsigned what = trio_below(t, 10);
    if (what < 4)
        trio_cut(&t->wires[trio_below(t, 4)]);
    else if (what < 6)
        trio_part(t, i, other, !t->parted[i][other]);
    else if (what < 7 && n->up)
        node_child_fails(n);
    else if (what < 8)
        t->now_ms += 500 + trio_below(t, 12000);
    else if (!n->up)
        trio_start(t, i);
    else if (t->kind == TRIO_CHAOS)
        trio_crash(t, i, trio_below(t, 3) ? 0 : trio_below(t, 8), trio_below(t, 3) == 0,
                   trio_below(t, 2));
    else if (i != t->primary && n->setup.appendonly && n->file.whole && !n->has_next)
        trio_crash(t, i, 0, false, trio_below(t, 2));
}

static inline void trio_turns_around(struct trio *t)
{
    int i = (int)trio_below(t, TRIO_NODES), primary = (int)trio_below(t, TRIO_NODES);
    trio_follow(t, i, primary);
    if (i == primary)
        t->primary = i;
}

/* The primary crashes, or is cut off with its clients. */
static inline void trio_fails_over(struct trio *t)
{
    int old = t->primary, next = (old + 1 + (int)trio_below(t, 2)) % TRIO_NODES;
    if (trio_below(t, 2))
        trio_crash(t, old, 0, trio_below(t, 2), false);
    for (int i = 0; i < TRIO_NODES; i++) {
        if (i == old)
            continue;
        trio_part(t, old, i, true);
        trio_start(t, i);
    }
    t->primary = next;
    trio_follow(t, next, next);
    trio_follow(t, TRIO_NODES - old - next, next);
    t->nodes[old].setup.port = t->nodes[old].up ? 0 : TRIO_PORT + next;
}

static inline bool trio_has_converged(struct trio *t)
{
    const struct engine *p = &t->nodes[t->primary].engine;
    if (replication_is_unconfirmed(p->replication))
        return false;
    for (int i = 0; i < TRIO_NODES; i++) {
        const struct engine *e = &t->nodes[i].engine;
        if (e->journal->offset != p->journal->offset ||
            strcmp(e->journal->history.id, p->journal->history.id) != 0 ||
            (i != t->primary && e->role != ROLE_REPLICA_UP) ||
            memcmp(trio_digest(t, t->primary), trio_digest(t, i), 20) != 0)
            return false;
    }
    return true;
}

static inline void trio_heals(struct trio *t)
{
    memset(t->parted, 0, sizeof(t->parted));
    memset(t->frozen, 0, sizeof(t->frozen));
    memset(t->held, 0, sizeof(t->held));
    for (int i = 0; i < TRIO_NODES; i++) {
        trio_start(t, i);
        if (t->nodes[i].r->handover.state != HANDOVER_NONE)
            trio_says(t, i, TRIO_ADMIN, "FAILOVER ABORT");
    }
    trio_settles(t); /* requests of the fail-over may still arrive */
    for (int i = 0; i < TRIO_NODES; i++)
        trio_follow(t, i, t->primary);
    int rounds = 0;
    do
        trio_settles(t);
    while (!*t->failed && ++rounds < 600 && !trio_has_converged(t));
    if (!trio_has_converged(t))
        trio_fail(t, "a minute after the network has healed they still differ");
}

/* Checks at the end: each number once, all those that clients were told of, and as many as counted.
 */
static inline void trio_judge(struct trio *t)
{
    static struct trio_numbers there;
    static bool told[TRIO_NUMBERS]; /* at the time of the query; more may come */
    struct node_client *x = &t->nodes[t->primary].clients[TRIO_READER];
    const char *reply = NULL;
    /* Its earlier requests are answered first. */
    for (int rounds = 0; rounds < 100 && t->asked[t->primary][TRIO_READER].replies; rounds++)
        trio_settles(t);
    for (int rounds = 0; rounds < 100 && !(reply = trio_reply(x, 3)); rounds++) {
        /* A client whose request waited too long for an ACK is closed, and asks again. */
        if (rounds == 0 || !x->client) {
            memcpy(told, t->told, sizeof(told));
            trio_says(t, t->primary, TRIO_READER, "SELECT %d;GET n;LRANGE log 0 -1", TRIO_LOG_DB);
        }
        trio_settles(t);
    }
    if (!reply) {
        trio_fail(t, "a read is not answered: %.*s", (int)x->heard.n, x->heard.n ? x->heard.p : "");
        return;
    }
    const char *n = trio_reply(x, 2);
    long total = *n == '$' && n[1] != '-' ? atol(strchr(n, '\n') + 1) : 0;
    if (!trio_list(&there, reply, x->heard.p + x->heard.n))
        trio_fail(t, "a number is there twice");
    if (there.n != total)
        trio_fail(t, "%u numbers are there, %ld were counted", there.n, total);
    for (unsigned i = 1; i <= t->numbers && t->kind != TRIO_CHAOS; i++)
        if (told[i] && !there.has[i])
            trio_fail(t, "number %u was acknowledged and is lost", i);
}

#endif
