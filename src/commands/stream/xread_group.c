/* Lists of pending entries are collected before any of them changes: delivering moves records in
 * the order of time and may split the chunk being walked.
 *
 * New entries advance the group's position one by one, so a reply cut short by MAXSIZE leaves the
 * rest for the next read. With NOACK nothing becomes pending, but the position advances. Claimed
 * entries and entries of the history keep their place by ID, count one more delivery, and are
 * stamped with the present time. A deleted entry of the history is answered as its ID with a null.
 *
 * Effects are XCLAIM for entries that become or stay pending, then XGROUP SETID for the position.
 */
#include "commands/stream/xread_group.h"

#include "base/mem.h"
#include "base/num.h"
#include "broker/broker_claims.h"
#include "broker/broker_expire.h"
#include "broker/broker_give.h"
#include "broker/broker_lease.h"
#include "broker/broker_presence.h"
#include "broker/broker_watch.h"
#include "commands/stream/stream_args.h"

#define LOOK_AGAIN_MS 86400000 /* the longest wait for entries to become idle enough */

static void changed(struct xread *x, const struct xread_source *s)
{
    struct broker_group at = xread_group_at(x, s);
    broker_act_changed(&at, 1);
}

void xread_group_begin(struct xread *x, struct xread_source *s)
{
    struct broker_group at = xread_group_at(x, s);
    s->reader = broker_claims_consumer(&at, x->args.consumer);
    stream_group_seen(s->reader, stream_args_now(x->call, s->group));
    if (s->group->policy && s->from == XREAD_NEW)
        broker_presence_reads(&at, x->call->client, s->reader);
}

bool xread_group_put(struct xread *x, struct stream_entry *e,
                     const struct stream_pending_entry *before)
{
    if (x->args.claim_idle_ms < 0)
        stream_args_reply(x->call, e);
    else if (before)
        xread_reply_claimed(x->call, e, num_minus(x->now_ms, before->time_ms), before->count);
    else
        xread_reply_claimed(x->call, e, 0, 0);
    x->entries++;
    return !xread_reply_is_full(x);
}

static bool put(void *context, struct stream_entry *e, const struct stream_pending_entry *before)
{
    return xread_group_put(context, e, before);
}

static struct broker_giving giving(struct xread *x, const struct xread_source *s)
{
    x->now_ms = stream_args_now(x->call, s->group);
    return (struct broker_giving){.at = xread_group_at(x, s),
                                  .reader = s->reader,
                                  .noack = x->args.noack,
                                  .acked = &x->acked,
                                  .put = put,
                                  .context = x};
}

uint64_t xread_group_deliver(struct xread *x, struct xread_source *s, struct stream_cursor *c,
                             uint64_t n)
{
    struct broker_giving g = giving(x, s);
    return broker_give_new(&g, c, n);
}

static bool is_gone(const struct stream *s, const struct stream_pending_entry *e)
{
    return !stream_log_has(&s->log, e->id);
}

/* It stays pending, and is barred. */
static void pass_gone(struct stream_pending_walk *w, const struct stream *s,
                      const struct stream_pending_entry *e)
{
    if (stream_id_compare(e->id, s->last_id) <= 0)
        stream_pending_walk_bar(w, e); /* its ID is not given again */
    else
        stream_pending_walk_next(w, e);
}

struct stream_pending_entry *xread_group_claimable(struct xread *x, struct xread_source *s,
                                                   uint64_t most, size_t *n)
{
    struct buf found = {0};
    struct stream_pending_walk w;
    struct stream_pending_entry e;
    *n = 0;
    stream_pending_walk_start(&w, &s->group->pending);
    while (*n < most && stream_pending_walk_peek(&w, &e)) {
        if (num_minus(x->call->now_ms, e.time_ms) < x->args.claim_idle_ms)
            break;
        if (stream_pending_walk_leap(&w, &e))
            continue;
        if (is_gone(s->stream, &e)) {
            pass_gone(&w, s->stream, &e);
            continue;
        }
        stream_pending_walk_next(&w, &e);
        buf_add(&found, bytes_of(&e, sizeof(e)));
        ++*n;
    }
    return (void *)found.p;
}

uint64_t xread_group_claim(struct xread *x, struct xread_source *s,
                           const struct stream_pending_entry *list, size_t n)
{
    struct broker_giving g = giving(x, s);
    return broker_give_pending(&g, list, n);
}

void xread_group_delete_acked(struct xread *x, const struct xread_source *s)
{
    struct broker_group at = xread_group_at(x, s);
    broker_lease_delete(&at, (const void *)x->acked.p, x->acked.n / sizeof(struct stream_id));
    buf_free(&x->acked);
}

/* Up to `most` pending entries of the consumer above s->after; the caller frees the array. */
static struct stream_pending_entry *history(const struct xread_source *s, uint64_t most,
                                            uint64_t *n)
{
    struct stream_pending *pending = &s->group->pending;
    uint32_t number = s->reader->number;
    struct buf found = {0};
    struct stream_pending_place at;
    struct stream_pending_entry e;
    struct stream_id from = s->after;
    *n = 0;
    bool any = stream_id_next(&from) && stream_pending_seek_owned(pending, from, number, &at);
    for (; any && *n < most; any = stream_pending_next_owned(pending, number, &at)) {
        stream_pending_get(pending, at, &e);
        buf_add(&found, bytes_of(&e, sizeof(e)));
        ++*n;
    }
    return (void *)found.p;
}

/* Redelivers one entry of the history; of a deleted one only the ID. */
static void deliver_again(struct xread *x, struct xread_source *s,
                          const struct stream_pending_entry *p, struct broker_claims *claims)
{
    const struct call *call = x->call;
    int64_t now_ms = stream_args_now(call, s->group);
    struct stream_pending *pending = &s->group->pending;
    struct stream_cursor c;
    broker_expire_one(claims->at, p->id);
    if (stream_log_seek(&s->stream->log, p->id, &c) &&
        stream_id_compare(stream_log_id(&c), p->id) == 0) {
        struct stream_entry entry;
        struct stream_pending_place at;
        stream_log_read(&c, &entry);
        stream_args_reply(call, &entry);
        if (stream_pending_find(pending, p->id, &at))
            stream_group_assign(s->group, at, s->reader, now_ms, broker_give_count(p->count),
                                false);
        broker_claims_add(claims, p->id, now_ms, broker_give_count(p->count));
    } else {
        reply_array(call->reply, 2);
        stream_args_reply_id(call, p->id);
        reply_null_array(call->reply);
    }
    stream_log_end(&c);
}

void xread_group_history(struct xread *x, struct xread_source *s)
{
    struct xread_aside aside;
    struct broker_group group = xread_group_at(x, s);
    struct broker_claims claims = {.at = &group, .consumer = x->args.consumer};
    uint64_t n, done = 0;
    struct stream_pending_entry *list = history(s, xread_reply_room(x), &n);
    xread_reply_begin_entries(x, &aside, n);
    for (; done < n && !xread_reply_is_full(x); done++) {
        deliver_again(x, s, &list[done], &claims);
        x->entries++;
    }
    xread_reply_end_entries(x, &aside, done);
    broker_claims_end(&claims);
    if (done)
        changed(x, s);
    if (s->group->policy)
        broker_watch_leased(&group, broker_act_now(&group));
    mem_free(list);
}

/* The delivery time of the oldest pending entry that still exists; false: none. */
static bool oldest_delivery_ms(const struct xread_source *s, int64_t *out)
{
    struct stream_pending_walk w;
    struct stream_pending_entry e;
    stream_pending_walk_start(&w, &s->group->pending);
    while (stream_pending_walk_peek(&w, &e)) {
        if (stream_pending_walk_leap(&w, &e))
            continue;
        if (!is_gone(s->stream, &e)) {
            *out = e.time_ms;
            return true;
        }
        pass_gone(&w, s->stream, &e);
    }
    return false;
}

int64_t xread_group_claim_due_ms(const struct xread *x, const struct xread_source *sources)
{
    int64_t first = INT64_MAX, idle_ms = x->args.claim_idle_ms, policy_ms = INT64_MAX;
    for (int i = 0; i < x->args.n; i++) {
        int64_t ms;
        if (!sources[i].group)
            continue;
        if (sources[i].group->policy) {
            struct broker_group at = xread_group_at(x, &sources[i]);
            ms = broker_deliver_claimable_ms(&at, idle_ms);
            policy_ms = ms < policy_ms ? ms : policy_ms;
        } else if (oldest_delivery_ms(&sources[i], &ms) && ms < first) {
            first = ms;
        }
    }
    int64_t left = idle_ms < LOOK_AGAIN_MS ? idle_ms : LOOK_AGAIN_MS;
    left = num_minus(left, first == INT64_MAX ? 0 : num_minus(x->call->now_ms, first));
    int64_t at_ms = x->call->engine->steady_ms + (left > 0 ? left : 1);
    return at_ms < policy_ms ? at_ms : policy_ms;
}
