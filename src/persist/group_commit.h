/* Group commit under `appendfsync always`: whether the next batch had better wait for clients who
 * are about to write again. Pure: the time and all counts are handed in (docs/decisions/0007).
 *
 * The caller says when a sync has ended (group_commit_synced()), then asks group_commit_wait() each
 * turn before it writes. Zero-initialised is the start. All calls cost a few instructions. */
#ifndef PERSIST_GROUP_COMMIT_H
#define PERSIST_GROUP_COMMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GROUP_COMMIT_MOST_US 1000 /* no batch waits longer */

enum group_commit_state {
    GROUP_COMMIT_IDLE,
    GROUP_COMMIT_SYNCED, /* a sync has ended since the last group_commit_wait() */
    GROUP_COMMIT_WAITING /* for more clients, until until_us */
};

struct group_commit {
    enum group_commit_state state;
    size_t wanted; /* replies that were held when the sync ended: all that may come back */
    size_t least;  /* the fewest that were held since */
    int64_t until_us;
    unsigned missed; /* waits in vain, one after the other */
    unsigned skip;   /* syncs to go before the next attempt */
};

static inline void group_commit_synced(struct group_commit *g)
{
    g->state = GROUP_COMMIT_SYNCED;
}

static inline bool group_commit_is_idle(const struct group_commit *g)
{
    return g->state == GROUP_COMMIT_IDLE;
}

/* Whether the batch waits on. now_us and sync_began_us, when the last sync was started, are of the
 * same monotonic clock; held is how many replies wait for a sync now; pending says that there is a
 * batch. */
bool group_commit_wait(struct group_commit *g, int64_t now_us, int64_t sync_began_us, size_t held,
                       bool pending);

#endif
