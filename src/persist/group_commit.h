/* Group commit under `appendfsync always`: whether to delay the next batch for clients that are
 * about to write again. Pure: the time and all counts are parameters (docs/decisions/0007).
 *
 * The caller reports the end of an fsync (group_commit_synced()), then calls group_commit_wait()
 * each turn before it writes. Zero-initialised is the initial state. All calls are O(1). */
#ifndef PERSIST_GROUP_COMMIT_H
#define PERSIST_GROUP_COMMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GROUP_COMMIT_MOST_US 1000 /* no batch waits longer */

enum group_commit_state {
    GROUP_COMMIT_IDLE,
    GROUP_COMMIT_SYNCED, /* an fsync has ended since the last group_commit_wait() */
    GROUP_COMMIT_WAITING /* for more clients, until until_us */
};

struct group_commit {
    enum group_commit_state state;
    size_t wanted; /* replies held back when the fsync ended: the most clients that may write again
                    */
    size_t least;  /* fewest held back since */
    int64_t until_us;
    unsigned missed; /* consecutive waits in vain */
    unsigned skip;   /* fsyncs to pass before the next attempt */
};

static inline void group_commit_synced(struct group_commit *g)
{
    g->state = GROUP_COMMIT_SYNCED;
}

static inline bool group_commit_is_idle(const struct group_commit *g)
{
    return g->state == GROUP_COMMIT_IDLE;
}

/* Whether to delay the batch further. now_us and sync_began_us (start of the last fsync): of the
 * same monotonic clock; held: replies now waiting for an fsync; pending: there is a batch. */
bool group_commit_wait(struct group_commit *g, int64_t now_us, int64_t sync_began_us, size_t held,
                       bool pending);

#endif
