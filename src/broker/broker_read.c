#include "broker/broker_read.h"

#include "base/mem.h"
#include "broker/broker_expire.h"
#include "broker/broker_give.h"
#include "broker/broker_lease.h"

struct giving {
    const struct broker_read *r;
    uint64_t n;     /* for begin() */
    uint64_t again; /* how many had been delivered before */
    bool begun;     /* something was delivered */
    bool full;      /* the last entry was the last that fits */
};

/* Counts unread entries, up to `most`, and sets the cursor on the first; the caller ends the
 * cursor. */
static uint64_t find_unread(const struct broker_group *x, uint64_t most, struct stream_cursor *c)
{
    struct stream_id from = x->group->last_id;
    if (!most || stream_id_compare(x->stream->last_id, from) <= 0 || !stream_id_next(&from) ||
        !stream_log_seek(&x->stream->log, from, c))
        return 0;
    return stream_log_count(c, STREAM_ID_MAX, most);
}

/* An entry that was held before anybody got it is a first delivery. */
static bool put(void *context, struct stream_entry *e, const struct stream_pending_entry *before)
{
    struct giving *g = context;
    if (before && !before->count && before->consumer == STREAM_PENDING_NO_CONSUMER)
        before = NULL;
    g->again += before != NULL;
    if (!g->begun && g->r->begin)
        g->r->begin(g->r->context, g->n);
    g->begun = true;
    g->full = !g->r->put(g->r->context, e, before);
    return !g->full;
}

/* Hands out pending entries, then unread ones, until the reader is full. *old_n and *n become the
 * numbers delivered. acked: as in struct broker_giving. */
static void give(struct giving *state, const struct stream_pending_entry *old, size_t *old_n,
                 struct stream_cursor *c, uint64_t *n, struct buf *acked)
{
    const struct broker_read *r = state->r;
    struct broker_giving g = {.at = r->reading.at,
                              .reader = r->reader,
                              .noack = r->reading.noack,
                              .acked = acked,
                              .put = put,
                              .context = state};
    state->n = r->reading.at.group->order ? BROKER_READ_UNKNOWN : *old_n + *n;
    if (*old_n)
        *old_n = broker_give_pending(&g, old, *old_n);
    *n = *n && !state->full ? broker_give_new(&g, c, *n) : 0;
    if (state->begun)
        stream_group_active(r->reader, broker_act_stamp(&r->reading.at));
}

/* With NOACK, acknowledges what was delivered: n pending entries, and new ones, which are only
 * counted (broker L10). */
static void acknowledge(const struct broker_group *x, const struct stream_pending_entry *old,
                        size_t n, uint64_t new_n, struct buf *acked)
{
    struct buf ids = {0};
    for (size_t i = 0; i < n; i++)
        buf_add(&ids, bytes_of(&old[i].id, sizeof(old[i].id)));
    broker_lease_ack(x, (const void *)ids.p, n);
    x->group->policy->counts.acked += new_n;
    broker_lease_delete(x, (const void *)acked->p, acked->n / sizeof(struct stream_id));
    buf_free(&ids);
    buf_free(acked);
}

/* Whether an unread entry may be pending as well: by force (XNACK), or since the position went back
 * (XGROUP SETID). One read must deliver an entry once, and in an order each value once, so it takes
 * pending or unread entries then, not both. */
static bool is_apart(const struct stream_group *g)
{
    struct stream_pending_entry e;
    if (!g->pending.count)
        return false;
    stream_pending_last(&g->pending, &e);
    return stream_id_compare(e.id, g->last_id) > 0;
}

uint64_t broker_read(struct broker_read *r)
{
    const struct broker_group *x = &r->reading.at;
    ASSERT(r->most > 0 && x->group->policy && r->reading.reader == r->reader);
    if (x->stream->extra && broker_expire_first(x)) {
        r->reading.held_back = true; /* the seat was not looked at */
        return 0;
    }
    struct stream_cursor c = {0};
    struct buf acked = {0};
    size_t old_n;
    struct stream_pending_entry *old = broker_deliver_pending(&r->reading, r->most, &old_n);
    uint64_t n = old_n && is_apart(x->group) ? 0 : find_unread(x, r->most - old_n, &c);
    n = n ? broker_deliver_unread(&r->reading, n) : 0;
    bool any = old_n || n;
    struct giving state = {.r = r};
    if (any)
        give(&state, old, &old_n, &c, &n, &acked);
    stream_log_end(&c);
    if (any) {
        broker_deliver_done(x, old_n + n, state.again);
        if (r->reading.noack)
            acknowledge(x, old, old_n, n, &acked);
    }
    mem_free(old);
    return old_n + n;
}
