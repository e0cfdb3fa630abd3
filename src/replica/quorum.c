#include "replica/quorum.h"

#include "base/assert.h"
#include "base/mem.h"
#include "engine/gate.h"
#include "engine/pause.h"
#include "replica/peer.h"

uint64_t quorum_nth(const uint64_t *offsets, size_t count, size_t n)
{
    uint64_t best[QUORUM_MOST];
    size_t held = 0;
    ASSERT(n >= 1 && n <= QUORUM_MOST);
    if (count < n)
        return 0;
    /* The n greatest so far, in descending order. */
    for (size_t i = 0; i < count; i++) {
        size_t at = held < n ? held : n;
        for (; at > 0 && best[at - 1] < offsets[i]; at--)
            if (at < n)
                best[at] = best[at - 1];
        if (at < n)
            best[at] = offsets[i];
        held += held < n;
    }
    return best[n - 1];
}

/* The offset confirmed by a replica; 0: none that counts. */
static uint64_t confirms(const struct replication *r, const struct peer *p)
{
    if (p->state != PEER_ONLINE || !p->acked || (p->client->flags & CLIENT_CLOSING) || !p->whole)
        return 0;
    uint64_t offset = r->engine->settings->replica_ack_fsync ? p->fack : p->ack;
    /* COVER: an ACK counts only from the first byte under our own ID on; before that, the data
     * could still be replaced by a primary of a higher generation. */
    return offset >= r->engine->journal->history.second_offset ? offset : 0;
}

/* The offset confirmed by at least `needed` replicas. */
static uint64_t confirmed_by(const struct replication *r, size_t needed)
{
    if (r->peer_n < needed)
        return 0;
    uint64_t *offsets = mem_alloc(r->peer_n * sizeof(*offsets));
    size_t count = 0;
    for (const struct dlist_node *n = r->peers.next; n != &r->peers; n = n->next)
        offsets[count++] = confirms(r, dlist_item(n, struct peer, node));
    ASSERT(count == r->peer_n);
    uint64_t offset = quorum_nth(offsets, count, needed);
    mem_free(offsets);
    return offset;
}

static size_t good_replicas(const struct replication *r)
{
    int64_t lag_s = r->engine->settings->min_replicas_max_lag;
    size_t good = 0;
    for (const struct dlist_node *n = r->peers.next; n != &r->peers; n = n->next) {
        const struct peer *p = dlist_item(n, struct peer, node);
        good += p->whole && peer_is_good(p, lag_s ? lag_s : INT32_MAX);
    }
    return good;
}

void quorum_update(struct replication *r)
{
    struct quorum *q = &r->quorum;
    struct engine *e = r->engine;
    size_t needed = (size_t)e->settings->min_replicas_to_ack;
    if (needed == 0 || replication_is_replica(r)) {
        *q = (struct quorum){.timeouts = q->timeouts};
        gate_tell_replicas(e, UINT64_MAX);
        pause_set(e, PAUSE_REPLICAS, false);
        return;
    }
    uint64_t offset = replication_is_unconfirmed(r) ? 0 : confirmed_by(r, needed);
    /* Once reached, an offset stays reached. */
    if (offset > q->reached)
        q->reached = offset;
    gate_tell_replicas(e, q->reached);
    pause_set(e, PAUSE_REPLICAS, replication_is_unconfirmed(r) || good_replicas(r) < needed);
}

void quorum_waits_anew(struct replication *r)
{
    r->quorum.moment_n = 0;
}

void quorum_restart(struct replication *r)
{
    gate_give_up_before(r->engine, UINT64_MAX - 1);
    if (r->engine->gate.replicated == UINT64_MAX)
        return;
    r->quorum = (struct quorum){.timeouts = r->quorum.timeouts};
    gate_tell_replicas(r->engine, UINT64_MAX);
    quorum_begin(r);
}

void quorum_begin(struct replication *r)
{
    uint64_t end = r->engine->journal->effects_end;
    if (end > r->quorum.reached)
        r->quorum.reached = end;
    quorum_update(r);
}

bool quorum_wants_ack(struct replication *r)
{
    struct quorum *q = &r->quorum;
    uint64_t end = r->engine->journal->effects_end;
    if (r->engine->gate.replicated == UINT64_MAX || end <= q->asked || end <= q->reached)
        return false;
    q->asked = end;
    return true;
}

/* ---- Time-outs */

/* Notes the present end of the effects, often enough to tell how much had been written one timeout
 * ago. */
static void note_end(struct quorum *q, int64_t now_ms, uint64_t end, int64_t timeout_ms)
{
    const struct quorum_moment *last = &q->moments[(q->moment_n - 1) % QUORUM_MOMENTS];
    if (q->moment_n && (last->end == end || now_ms - last->ms < timeout_ms / (QUORUM_MOMENTS - 1)))
        return;
    q->moments[q->moment_n++ % QUORUM_MOMENTS] = (struct quorum_moment){now_ms, end};
}

/* The end of the effects at this time, or before, as noted; 0: nothing was noted that early. */
static uint64_t end_at(const struct quorum *q, int64_t ms)
{
    for (size_t i = q->moment_n; i > 0 && q->moment_n - i < QUORUM_MOMENTS; i--)
        if (q->moments[(i - 1) % QUORUM_MOMENTS].ms <= ms)
            return q->moments[(i - 1) % QUORUM_MOMENTS].end;
    return 0;
}

void quorum_tick(struct replication *r)
{
    struct quorum *q = &r->quorum;
    struct engine *e = r->engine;
    int64_t timeout_ms = e->settings->replica_ack_timeout;
    quorum_update(r);
    if (e->gate.replicated == UINT64_MAX || timeout_ms == 0)
        return;
    note_end(q, e->steady_ms, e->journal->effects_end, timeout_ms);
    uint64_t end = end_at(q, e->steady_ms - timeout_ms);
    if (end > q->reached)
        q->timeouts += gate_give_up_before(e, end);
    if (e->pause.reasons >> PAUSE_REPLICAS & 1)
        pause_refuse_since(e, e->steady_ms - timeout_ms);
}

int64_t quorum_oldest_wait_ms(const struct replication *r)
{
    const struct quorum *q = &r->quorum;
    const struct engine *e = r->engine;
    int64_t since = 0;
    if (e->gate.replicated == UINT64_MAX)
        return 0;
    for (size_t i = q->moment_n; i > 0 && q->moment_n - i < QUORUM_MOMENTS; i--)
        if (q->moments[(i - 1) % QUORUM_MOMENTS].end > q->reached)
            since = q->moments[(i - 1) % QUORUM_MOMENTS].ms;
    return since ? e->steady_ms - since : 0;
}
