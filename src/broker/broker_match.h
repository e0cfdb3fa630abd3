/* Reading many streams at once (XREADGROUP ... MATCH). For each group name of a database that is
 * read this way there is a ring of the streams in which that group has a policy. Streams that may
 * have something to deliver are kept apart from the others, so that a read costs what is ready, not
 * what exists.
 *
 *   ready   --a read finds nothing-->  idle
 *   idle    --the key is announced: entries, ended leases, room under a cap-->  ready
 *
 * A ring is made on first use, and freed when it has neither streams nor waiters. */
#ifndef BROKER_BROKER_MATCH_H
#define BROKER_BROKER_MATCH_H

#include "broker/broker_watch.h"
#include "engine/block.h"

struct broker_ring {
    struct db *db;
    struct str *group;
    struct dlist_node ready, idle; /* struct broker_mark each; ready ones take turns */
    size_t ready_n;
    struct dlist_node waiters; /* clients, linked by their `confirming` */
    struct dlist_node fresh; /* marks that became ready and were not announced to the waiters yet */
    struct dlist_node news;  /* in broker.news while there are fresh ones */
    bool serving;            /* waiters are being served, and some may be out of their list */
};

/* A stream in a ring. Owned by its watch. */
struct broker_mark {
    struct block_stay stay; /* visited when its key is ready */
    struct broker_watch *watch;
    struct broker_ring *ring;
    struct dlist_node in_ring;
    struct dlist_node fresh; /* in ring.fresh, or in none */
    bool ready;
};

void broker_match_init(struct broker *b);
void broker_match_end(struct broker *b);
/* The ring, up to date; made when absent, in O(policies). Valid until the next call. */
struct broker_ring *broker_match_ring(struct broker *b, struct db *db, struct bytes group);
/* Makes all streams ready, for readers that ask for more than is ready by itself (CLAIM).
 * O(streams). */
void broker_match_all(struct broker_ring *r);
/* How many ready streams have a matching key. O(ready). */
size_t broker_match_count(const struct broker_ring *r, struct bytes pattern);
/* Takes the first ready stream and moves it to the back. There must be one. */
struct broker_mark *broker_match_take(struct broker_ring *r);
/* The stream has nothing to deliver: it becomes idle. */
void broker_match_rest(struct broker_mark *m);
/* Reruns the client when a stream with a matching key becomes ready. The client has just been
 * blocked without keys, with a pattern. */
void broker_match_wait(struct broker_ring *r, struct client *c);
/* A client waits for any stream with this group, whatever its key. */
static inline bool broker_match_is_awaited(const struct broker_watch *w)
{
    return w->mark && !dlist_empty(&w->mark->ring->waiters);
}
/* Reruns waiters whose pattern matches a fresh stream, longest waiting first. O(waiters) glob
 * matches for each stream that became ready. A phase of each turn. */
void broker_match_serve(struct broker *b);

#endif
