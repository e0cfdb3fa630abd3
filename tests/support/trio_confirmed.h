/* The schedules `confirmed` of a trio (support/trio.h): orders given without any knowledge of the
 * state, and faults by which min-replicas-to-ack 1 promises to lose no number.
 *
 * A node loses data at most once in a run, all of them or their end; restarts that keep the data do
 * not count. In a run with a loss the rule for a pair, which treats silence of repl-timeout as
 * consent, must not act, so that setting is long; in runs without a loss and without restarts it is
 * short. */
#ifndef SUPPORT_TRIO_CONFIRMED_H
#define SUPPORT_TRIO_CONFIRMED_H

#include "trio.h"

/* Whether every node has all data and counts for confirmation. */
static inline bool trio_are_whole(const struct trio *t)
{
    bool all = true;
    for (int i = 0; i < TRIO_NODES; i++)
        all = all && t->nodes[i].r->confirmation.whole;
    return all;
}

static inline void trio_becomes_whole(struct trio *t)
{
    int rounds = 0;
    while (!*t->failed && ++rounds < 100 && !(trio_are_whole(t) && trio_has_converged(t)))
        trio_settles(t);
    if (!trio_are_whole(t) || !trio_has_converged(t))
        trio_fail(t, "ten seconds after the start they are not whole");
}

static inline bool trio_can_hear(const struct trio *t, int i)
{
    return t->nodes[i].up && !t->frozen[i];
}

static inline void trio_order(struct trio *t, int i, int primary)
{
    if (trio_can_hear(t, i))
        trio_follow(t, i, primary);
}

static inline void trio_failover(struct trio *t, int i, int target)
{
    if (!trio_can_hear(t, i))
        return;
    if (t->nodes[i].r->handover.state != HANDOVER_NONE)
        trio_says(t, i, TRIO_ADMIN, "FAILOVER ABORT");
    else if (trio_below(t, 2))
        trio_says(t, i, TRIO_ADMIN, "FAILOVER");
    else
        trio_says(t, i, TRIO_ADMIN, "FAILOVER TO 127.0.0.1 %d FORCE TIMEOUT %u", TRIO_PORT + target,
                  1 + trio_below(t, 500));
}

static inline void trio_orders(struct trio *t)
{
    int i = (int)trio_below(t, TRIO_NODES), other = (i + 1 + (int)trio_below(t, 2)) % TRIO_NODES;
    int third = TRIO_NODES - i - other;
    unsigned what = trio_below(t, 10);
    if (what < 6)
        trio_order(t, i, i);
    if (what < 3) {
        trio_order(t, other, i);
        trio_order(t, third, i);
    } else if (what < 4) {
        trio_order(t, other, other);
    } else if (what < 5) {
        trio_order(t, other, i);
    } else if (what >= 6 && what < 8) {
        trio_order(t, i, other);
    } else if (what >= 8) {
        trio_failover(t, i, other);
    }
}

/* Whether all its data are in its file. */
static inline bool trio_keeps_all(const struct node *n)
{
    return n->setup.appendonly && n->file.whole && !n->has_next;
}

static inline void trio_restarts(struct trio *t, int i)
{
    const struct node *n = &t->nodes[i];
    bool loses = !t->has_lost && trio_below(t, 3) == 0;
    if (!t->may_lose || (!loses && !trio_keeps_all(n)))
        return;
    t->has_lost |= loses;
    trio_crash(t, i, loses ? trio_below(t, 12) : 0, loses && trio_below(t, 3) == 0,
               trio_below(t, 2));
    t->frozen[i] = false;
    if (trio_below(t, 2))
        trio_start(t, i);
}

static inline void trio_trouble(struct trio *t)
{
    int i = (int)trio_below(t, TRIO_NODES), other = (i + 1 + (int)trio_below(t, 2)) % TRIO_NODES;
    unsigned what = trio_below(t, 24);
    if (what < 8)
        trio_orders(t);
    else if (what < 10)
        trio_cut(&t->wires[trio_below(t, 4)]);
    else if (what < 12)
        trio_part(t, i, other, trio_below(t, 2));
    else if (what < 14)
        memset(t->parted, 0, sizeof(t->parted));
    else if (what < 16)
        t->frozen[i] = trio_below(t, 2);
    else if (what < 18)
        memset(t->frozen, 0, sizeof(t->frozen));
    else if (what < 19)
        t->now_ms += 500 + trio_below(t, 12000);
    else if (what < 20 && t->nodes[i].up)
        node_child_fails(&t->nodes[i]);
    else if (!t->nodes[i].up)
        trio_start(t, i);
    else
        trio_restarts(t, i);
}

#endif
