/* The promise of min-replicas-to-ack (support/trio.h), checked as in docs/models/confirmation.pml:
 * a node that can tell clients anything has everything that any node could tell them.
 *
 * A confirmed primary can, once a whole replica with an open link has a byte of its ID: the ACK may
 * be on its way. What both have then counts as told, whether a client hears it or not. So a loss is
 * found where it happens, not only when a client asks for what is lost. */
#ifndef SUPPORT_TRIO_TOLD_H
#define SUPPORT_TRIO_TOLD_H

#include "trio_clients.h"
#include "type/kind.h"
#include "type/list.h"

static inline bool trio_is_replica(const struct node *n)
{
    return replication_is_replica(n->r);
}

static inline bool trio_is_confirmed(const struct node *n)
{
    return n->up && !trio_is_replica(n) && !replication_is_unconfirmed(n->r);
}

/* The numbers that a node has. */
static inline void trio_holds(const struct node *n, struct trio_numbers *to)
{
    const struct entry *e = db_find(&n->engine.store->dbs[TRIO_LOG_DB], BYTES("log"));
    struct list_cursor c;
    *to = (struct trio_numbers){0};
    bool more = e && list_seek(value_object(e), 0, &c);
    while (more) {
        struct bytes x = list_get(&c);
        long long number;
        if (num_parse_int(x, &number) && number < TRIO_NUMBERS) {
            to->has[number] = true;
            to->n++;
        }
        more = list_next(&c);
    }
    if (e)
        list_end(&c);
}

/* Whether p can tell clients what q has. */
static inline bool trio_confirms(const struct node *q, const struct node *p)
{
    struct follow_figures f;
    if (!q->up || !trio_is_confirmed(p) || !trio_is_replica(q) || !q->r->confirmation.whole)
        return false;
    const struct journal *j = q->engine.journal;
    follow_figures(q->r->follow, &f);
    return f.state == FOLLOW_CONNECTED && f.port == p->setup.own_port &&
           strcmp(history_last_id(&j->history, j->offset), p->engine.journal->history.id) == 0;
}

/* From now on what both have counts as told; and p must have what was told before. */
static inline void trio_look_at_pair(struct trio *t, int p, int q)
{
    static struct trio_numbers have;
    struct trio_numbers *all = &t->released;
    const struct trio_pair now = {t->nodes[p].engine.journal->offset,
                                  t->nodes[q].engine.journal->offset, all->n};
    struct trio_pair *last = &t->pairs[p][q];
    if (memcmp(&now, last, sizeof(now)) == 0)
        return;
    trio_holds(&t->nodes[q], &have);
    for (unsigned i = 1; i <= t->numbers; i++)
        if (have.has[i] && !all->has[i]) {
            all->has[i] = true;
            all->n++;
        }
    trio_holds(&t->nodes[p], &have);
    for (unsigned i = 1; i <= t->numbers; i++)
        if (all->has[i] && !have.has[i])
            trio_fail(t, "node %d, with node %d, answers without %u, which was told before", p, q,
                      i);
    *last = now;
    last->released = all->n;
}

/* An unconfirmed primary writes nothing, and nothing more is confirmed to it except what it
 * fetches. */
static inline void trio_look_at_waiting(struct trio *t, int i)
{
    const struct node *n = &t->nodes[i];
    struct trio_seen *s = &t->seen[i];
    const struct confirmation *c = &n->r->confirmation;
    bool fetches = c->fetch != NULL;
    uint64_t offset = n->engine.journal->offset, reached = n->r->quorum.reached;
    if (*s->proposal && strcmp(s->proposal, c->proposal) == 0 && !fetches && !s->fetched &&
        (offset != s->offset || reached != s->reached))
        trio_fail(t, "node %d has gone from %llu to %llu, from %llu to %llu unconfirmed", i,
                  (unsigned long long)s->offset, (unsigned long long)offset,
                  (unsigned long long)s->reached, (unsigned long long)reached);
    t->confirmed += *s->proposal && trio_is_confirmed(n);
    s->fetched = fetches;
    s->reached = reached;
    memcpy(s->proposal, c->proposal, sizeof(s->proposal));
}

static inline void trio_look_at_promises(struct trio *t, int i)
{
    trio_look_at_waiting(t, i);
    for (int p = 0; p < TRIO_NODES; p++)
        for (int q = 0; q < TRIO_NODES; q++)
            if (p != q && trio_confirms(&t->nodes[q], &t->nodes[p]))
                trio_look_at_pair(t, p, q);
}

#endif
