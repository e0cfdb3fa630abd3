#include "broker/broker_retry.h"

#include "base/mem.h"
#include "base/rng.h"
#include "broker/broker_dead.h"
#include "broker/broker_lease.h"
#include "broker/broker_order.h"
#include "broker/broker_watch.h"

/* Collects entries of equal due time and count into one XNACK. */
struct run {
    const struct broker_group *x;
    struct bytes reason;
    bool force;
    int64_t due_ms; /* 0: released */
    uint64_t count;
    struct buf ids; /* struct stream_id each */
};

static void end_run(struct run *r)
{
    broker_act_effect_nack(r->x, &(struct broker_act_nack){.ids = (const void *)r->ids.p,
                                                           .n = r->ids.n / sizeof(struct stream_id),
                                                           .count = r->count,
                                                           .due_ms = r->due_ms,
                                                           .reason = r->reason,
                                                           .force = r->force});
    buf_free(&r->ids);
}

static void add(struct run *r, struct stream_id id, int64_t due_ms, uint64_t count)
{
    if (r->ids.n && (due_ms != r->due_ms || count != r->count))
        end_run(r);
    r->due_ms = due_ms;
    r->count = count;
    buf_add(&r->ids, bytes_of(&id, sizeof(id)));
}

/* Defers an entry until due_ms, or releases it if that has passed. */
static void put_back(struct run *r, struct stream_id id, uint64_t count, int64_t due_ms)
{
    const struct broker_group *x = r->x;
    struct stream_pending_place at;
    bool found = stream_pending_find(&x->group->pending, id, &at);
    ASSERT(found);
    if (due_ms > broker_act_now(x)) {
        stream_group_defer(x->group, at, count, due_ms);
        broker_watch_sooner(broker_watch_of(x->group), due_ms);
    } else {
        stream_group_assign(x->group, at, NULL, 0, count, true);
        due_ms = 0;
    }
    if (r->reason.n)
        stream_pending_set_reason(&x->group->pending, id, r->reason);
    add(r, id, due_ms, count);
}

/* Uniform in [0,1). */
static double chance(const struct broker_group *x)
{
    return (double)(rng_next(&x->engine->store->rng) >> 11) * 0x1p-53;
}

/* Finds a pending entry; force: makes it pending if it is not. False: there is none. */
static bool find(const struct broker_group *x, bool force, struct stream_id id,
                 struct stream_pending_entry *out)
{
    struct stream_pending *p = &x->group->pending;
    struct stream_pending_place at;
    if (!stream_pending_find(p, id, &at)) {
        if (!force || !stream_log_has(&x->stream->log, id))
            return false;
        if (x->group->order)
            broker_order_learn(x, id);
        stream_group_restore(x->group, id, NULL, 0, 0);
        stream_pending_find(p, id, &at);
    }
    stream_pending_get(p, at, out);
    return true;
}

static uint64_t count_after(const struct broker_retry *r, uint64_t before)
{
    if (r->count >= 0)
        return (uint64_t)r->count;
    return r->mode == BROKER_RETRY_SILENT && before ? before - 1 : before;
}

static bool give_back(struct run *run, const struct broker_retry *r, struct stream_id id)
{
    const struct broker_group *x = run->x;
    const struct stream_policy *p = x->group->policy;
    struct stream_pending_entry e;
    if (!find(x, r->force, id, &e))
        return false;
    const struct stream_consumer *owner = stream_group_owner(x->group, e.consumer);
    e.count = count_after(r, e.count);
    if (r->mode == BROKER_RETRY_FATAL ||
        (r->mode == BROKER_RETRY_FAIL && stream_policy_is_used_up(p, e.count))) {
        struct broker_death d = {.fatal = r->mode == BROKER_RETRY_FATAL,
                                 .text = r->reason,
                                 .consumer = owner ? str_bytes(owner->name) : bytes_of("", 0)};
        end_run(run);
        broker_dead_die(x, &e, &d);
        return true;
    }
    int64_t now = broker_act_now(x), due = r->due_ms;
    if (due < 0)
        due = r->mode == BROKER_RETRY_FAIL ? now + stream_policy_backoff(p, e.count, chance(x)) : 0;
    put_back(run, id, e.count, due);
    return true;
}

size_t broker_retry_give_back(const struct broker_group *x, const struct broker_retry *r,
                              const struct stream_id *ids, size_t n)
{
    struct stream_policy_counts *c = &x->group->policy->counts;
    struct run run = {.x = x, .reason = r->reason, .force = r->force};
    size_t done = 0;
    broker_watch_sample(x);
    for (size_t i = 0; i < n; i++)
        done += give_back(&run, r, ids[i]);
    end_run(&run);
    if (!done)
        return 0;
    if (r->mode == BROKER_RETRY_SILENT)
        c->released += done;
    else
        c->failed += done;
    broker_act_changed(x, done);
    broker_watch_room(broker_watch_of(x->group), false);
    db_ready(x->db, x->key);
    return done;
}

struct stream_id *broker_retry_owned(const struct stream_group *g, const struct stream_consumer *c,
                                     size_t most, size_t *n)
{
    struct buf all = {0};
    struct stream_pending_place at;
    struct stream_pending_entry e;
    bool any = stream_pending_seek_owned(&g->pending, STREAM_ID_MIN, c->number, &at);
    for (*n = 0; any && *n < most; ++*n) {
        stream_pending_get(&g->pending, at, &e);
        buf_add(&all, bytes_of(&e.id, sizeof(e.id)));
        any = stream_pending_next_owned(&g->pending, c->number, &at);
    }
    return (void *)all.p;
}

void broker_retry_take_back(const struct broker_group *x, const struct stream_id *ids, size_t n,
                            struct bytes text)
{
    struct run run = {.x = x};
    for (size_t i = 0; i < n; i++) {
        struct stream_pending_entry e;
        bool found = find(x, false, ids[i], &e);
        ASSERT(found);
        if (!stream_policy_is_used_up(x->group->policy, e.count)) {
            put_back(&run, ids[i], e.count, 0);
            x->group->policy->counts.released++;
            continue;
        }
        const struct stream_consumer *owner = stream_group_owner(x->group, e.consumer);
        end_run(&run);
        broker_dead_die(x, &e,
                        &(struct broker_death){.fatal = e.count >= INT64_MAX,
                                               .text = text,
                                               .consumer = str_bytes(owner->name)});
    }
    end_run(&run);
    if (n) {
        broker_act_changed(x, n);
        broker_watch_room(broker_watch_of(x->group), false);
        db_ready(x->db, x->key);
    }
}

size_t broker_retry_delete_consumer(const struct broker_group *x, const struct stream_consumer *c)
{
    size_t n;
    struct stream_id *ids = broker_retry_owned(x->group, c, SIZE_MAX, &n);
    broker_retry_take_back(x, ids, n, BYTES("consumer deleted"));
    mem_free(ids);
    return n;
}

void broker_retry_anew(const struct broker_group *x, struct stream_id id, int64_t due_ms)
{
    struct run run = {.x = x, .force = true};
    struct stream_pending_entry e;
    bool found = find(x, true, id, &e);
    ASSERT(found);
    put_back(&run, id, 0, due_ms < 0 ? 0 : due_ms);
    end_run(&run);
    broker_act_changed(x, 1);
    db_ready(x->db, x->key);
}
