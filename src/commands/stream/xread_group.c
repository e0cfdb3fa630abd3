/* Lists of pending entries are collected before any of them changes: delivering moves records in
 * the order of time and may split the chunk that is being walked.
 *
 * New entries move the group's position entry by entry, so a reply that MAXSIZE cuts short leaves
 * the rest for the next read. With NOACK nothing becomes pending, but the position moves. What was
 * claimed and what was in the history keeps its place by ID, counts one delivery more and is as
 * young as now. An entry of the history that was deleted is told by its ID with a null.
 *
 * The journal gets XCLAIM for what became or stays pending, then XGROUP SETID for the position. */
#include "commands/stream/xread_group.h"

#include "base/mem.h"
#include "base/num.h"
#include "broker/broker_lease.h"
#include "broker/broker_watch.h"
#include "commands/stream/stream_args.h"
#include "commands/stream/stream_effects.h"

#define LOOK_AGAIN_MS 86400000 /* at the latest, for entries that become idle enough */

static struct stream_effects_claims claims_of(const struct xread *x, const struct xread_source *s)
{
    return (struct stream_effects_claims){.call = x->call,
                                          .key = s->key,
                                          .group = x->args.group_name,
                                          .consumer = x->args.consumer,
                                          .last_id = s->group->last_id};
}

static void changed(struct xread *x, const struct xread_source *s)
{
    db_count_changes(x->call->store, 1);
    db_changed_quietly(x->call->db, s->key);
}

static uint64_t one_more(uint64_t count)
{
    return count >= INT64_MAX ? INT64_MAX : count + 1;
}

void xread_group_begin(struct xread *x, struct xread_source *s)
{
    s->reader = stream_effects_need_consumer(x->call, s->key, s->group, x->args.consumer);
    stream_group_seen(s->reader, stream_args_now(x->call, s->group));
}

uint64_t xread_group_deliver(struct xread *x, struct xread_source *s, struct stream_cursor *c,
                             uint64_t n)
{
    struct call *call = x->call;
    struct stream_group *g = s->group;
    struct stream_effects_claims claims = claims_of(x, s);
    int64_t now_ms = stream_args_now(call, g);
    uint64_t done = 0;
    do {
        struct stream_entry e;
        stream_log_read(c, &e);
        stream_advance_group(s->stream, g, e.id, done > 0);
        if (!x->args.noack) {
            stream_group_deliver(g, s->reader, e.id, now_ms);
            claims.last_id = e.id;
            stream_effects_claim(&claims, e.id, now_ms, 1);
        } else if (s->stream->deleting) {
            buf_add(&x->acked, bytes_of(&e.id, sizeof(e.id)));
        }
        if (x->args.claim_idle_ms >= 0)
            xread_reply_claimed(call, &e, 0, 0);
        else
            stream_args_reply(call, &e);
        done++;
        x->entries++;
    } while (done < n && !xread_reply_is_full(x) && stream_log_next(c));
    claims.last_id = g->last_id;
    stream_effects_claims_end(&claims);
    stream_effects_setid(call, s->key, g);
    changed(x, s);
    return done;
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
        stream_pending_walk_next(&w, &e);
        if (!stream_log_has(&s->stream->log, e.id))
            continue;
        buf_add(&found, bytes_of(&e, sizeof(e)));
        ++*n;
    }
    return (void *)found.p;
}

uint64_t xread_group_claim(struct xread *x, struct xread_source *s,
                           const struct stream_pending_entry *list, size_t n)
{
    struct call *call = x->call;
    struct stream_group *g = s->group;
    struct stream_effects_claims claims = claims_of(x, s);
    int64_t now_ms = stream_args_now(call, g);
    bool keeps = !(x->args.noack && g->policy); /* else it is acknowledged (broker L10) */
    struct stream_cursor c = {0};
    uint64_t done = 0;
    for (; done < n && !xread_reply_is_full(x); done++) {
        const struct stream_pending_entry *p = &list[done];
        struct stream_pending_place at;
        struct stream_entry e;
        if (!stream_pending_find(&g->pending, p->id, &at))
            continue;
        uint64_t count = one_more(p->count);
        if (keeps) {
            stream_group_assign(g, at, s->reader, now_ms, count, false);
            stream_effects_claim(&claims, p->id, now_ms, count);
        }
        if (stream_log_follow(&s->stream->log, p->id, &c)) {
            stream_log_read(&c, &e);
            if (x->args.claim_idle_ms >= 0)
                xread_reply_claimed(call, &e, num_minus(now_ms, p->time_ms), p->count);
            else
                stream_args_reply(call, &e);
        }
        x->entries++;
    }
    stream_log_end(&c);
    stream_effects_claims_end(&claims);
    if (done)
        changed(x, s);
    return done;
}

void xread_group_delete_acked(struct xread *x, const struct xread_source *s)
{
    struct broker_group at = xread_group_at(x, s);
    broker_lease_delete(&at, (const void *)x->acked.p, x->acked.n / sizeof(struct stream_id));
    buf_free(&x->acked);
}

void xread_group_served(struct xread *x, struct xread_source *s,
                        const struct stream_pending_entry *list, size_t claimed, uint64_t fresh)
{
    struct broker_group at = xread_group_at(x, s);
    broker_deliver_done(&at, claimed + fresh, claimed);
    if (!x->args.noack)
        return;
    struct buf ids = {0};
    for (size_t i = 0; i < claimed; i++)
        buf_add(&ids, bytes_of(&list[i].id, sizeof(list[i].id)));
    broker_lease_ack(&at, (const void *)ids.p, claimed);
    buf_free(&ids);
    xread_group_delete_acked(x, s);
}

/* What the consumer has pending above s->after, at most `most`; the array belongs to the caller. */
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

/* One entry of the history; of one that was deleted only the ID. */
static void deliver_again(struct xread *x, struct xread_source *s,
                          const struct stream_pending_entry *p,
                          struct stream_effects_claims *claims)
{
    const struct call *call = x->call;
    int64_t now_ms = stream_args_now(call, s->group);
    struct stream_pending *pending = &s->group->pending;
    struct stream_cursor c;
    if (stream_log_seek(&s->stream->log, p->id, &c) &&
        stream_id_compare(stream_log_id(&c), p->id) == 0) {
        struct stream_entry entry;
        struct stream_pending_place at;
        stream_log_read(&c, &entry);
        stream_args_reply(call, &entry);
        if (stream_pending_find(pending, p->id, &at))
            stream_group_assign(s->group, at, s->reader, now_ms, one_more(p->count), false);
        stream_effects_claim(claims, p->id, now_ms, one_more(p->count));
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
    struct stream_effects_claims claims = claims_of(x, s);
    uint64_t n, done = 0;
    struct stream_pending_entry *list = history(s, xread_reply_room(x, 0), &n);
    xread_reply_begin_entries(x, &aside, n);
    for (; done < n && !xread_reply_is_full(x); done++) {
        deliver_again(x, s, &list[done], &claims);
        x->entries++;
    }
    xread_reply_end_entries(x, &aside, done);
    stream_effects_claims_end(&claims);
    if (done)
        changed(x, s);
    if (s->group->policy) {
        struct broker_group at = xread_group_at(x, s);
        broker_watch_leased(&at, broker_act_now(&at));
    }
    mem_free(list);
}

/* The time of the pending entry that was delivered first and still exists; false: there is none. */
static bool oldest_delivery_ms(const struct xread_source *s, int64_t *out)
{
    struct stream_pending_walk w;
    struct stream_pending_entry e;
    stream_pending_walk_start(&w, &s->group->pending);
    for (; stream_pending_walk_peek(&w, &e); stream_pending_walk_next(&w, &e))
        if (stream_log_has(&s->stream->log, e.id)) {
            *out = e.time_ms;
            return true;
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
