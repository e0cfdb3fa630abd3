#include "persist/group_commit.h"

#include "base/assert.h"

#define MOST_MISSED 8 /* at most 2^8 fsyncs are skipped */

/* With closed-loop clients each fsync would carry only half of them: the other half writes while it
 * runs. So the batch is delayed until the clients just answered have written again, but for no
 * longer than two syncs take. */
static bool begin(struct group_commit *g, int64_t now_us, int64_t sync_began_us, size_t held)
{
    if (g->skip) {
        g->skip--;
        g->state = GROUP_COMMIT_IDLE;
        return false;
    }
    int64_t patience_us = 2 * (now_us - sync_began_us);
    g->state = GROUP_COMMIT_WAITING;
    g->until_us =
        now_us + (patience_us < GROUP_COMMIT_MOST_US ? patience_us : GROUP_COMMIT_MOST_US);
    /* Replies sent in this turn still count as held. */
    g->wanted = g->least = held;
    return true;
}

/* After a wait that brought less than half of the expected clients, the next 2, 4, 8 ... fsyncs do
 * not wait: clients that do not write in a closed loop must not pay for it. */
static void judge(struct group_commit *g, size_t held, bool pending)
{
    ASSERT(held >= g->least && g->wanted >= g->least);
    if (held - g->least >= (g->wanted - g->least) / 2) {
        g->missed = 0;
    } else if (pending) {
        g->missed += g->missed < MOST_MISSED;
        g->skip = 1u << g->missed;
    }
}

bool group_commit_wait(struct group_commit *g, int64_t now_us, int64_t sync_began_us, size_t held,
                       bool pending)
{
    if (g->state == GROUP_COMMIT_SYNCED)
        return begin(g, now_us, sync_began_us, held);
    if (g->state == GROUP_COMMIT_IDLE)
        return false;
    if (held < g->least)
        g->least = held;
    if (held < g->wanted && now_us < g->until_us)
        return true;
    g->state = GROUP_COMMIT_IDLE;
    judge(g, held, pending);
    return false;
}
