/* Reading of many streams at once (XREADGROUP ... MATCH): for each group name of a database that
 * somebody asks for there is a ring of the streams in which that group has a policy. Those that may
 * have something to give are apart from the others, so that a read costs what is ready, not what
 * there is.
 *
 *   ready   --a read finds nothing-->  idle
 *   idle    --the key is announced: entries, leases that ended, room under a cap-->  ready
 *
 * A ring is made when it is first asked for, and goes when it has no streams and nobody waits. */
#ifndef BROKER_BROKER_MATCH_H
#define BROKER_BROKER_MATCH_H

#include "broker/broker_watch.h"
#include "engine/block.h"

struct broker_ring {
    struct db *db;
    struct str *group;
    struct dlist_node ready, idle; /* struct broker_mark each; ready ones in turn */
    size_t ready_n;
    struct dlist_node waiters; /* clients, by their nodes `confirming` */
    struct dlist_node fresh; /* marks, by `fresh`: ready, and the waiters have not been asked yet */
    struct dlist_node news;  /* in broker.news: there are fresh ones */
    bool serving;            /* waiters are being asked, and may not all be in their list */
};

/* A stream in a ring. Belongs to the watch. */
struct broker_mark {
    struct block_stay stay; /* hears of its key */
    struct broker_watch *watch;
    struct broker_ring *ring;
    struct dlist_node in_ring;
    struct dlist_node fresh; /* in ring.fresh, or in none */
    bool ready;
};

void broker_match_init(struct broker *b);
void broker_match_end(struct broker *b);
/* The ring, up to date, made when absent: O(policies) then. Valid until the next call. */
struct broker_ring *broker_match_ring(struct broker *b, struct db *db, struct bytes group);
/* All may have something: for who asks for more than what is ready (CLAIM). O(streams). */
void broker_match_all(struct broker_ring *r);
/* How many of the ready ones have a key that matches. O(ready). */
size_t broker_match_count(const struct broker_ring *r, struct bytes pattern);
/* The one that is first in turn goes behind the others. There is one. */
struct broker_mark *broker_match_take(struct broker_ring *r);
/* It has nothing. */
void broker_match_rest(struct broker_mark *m);
/* The client, which has just been blocked without keys and with a pattern, is run again when a
 * stream whose key matches becomes ready. */
void broker_match_wait(struct broker_ring *r, struct client *c);
/* Somebody waits for streams with this group, of whatever names. */
static inline bool broker_match_is_awaited(const struct broker_watch *w)
{
    return w->mark && !dlist_empty(&w->mark->ring->waiters);
}
/* Rings with news: those who wait there for a key that matches look again, the longest waiting
 * first. O(waiters) globs for each stream that became ready. A part of each turn. */
void broker_match_serve(struct broker *b);

#endif
