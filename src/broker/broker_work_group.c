/* For each group, in this order:
 *
 *   closed connections     their consumers' entries are released, in the order of closing
 *   the seat               becomes free when its holder was not seen; others' entries are released
 *                          for a new holder
 *   times in the future    are set to now, once after loading (the clock was set back)
 *   the order by a field   all pending entries are looked at before anything is delivered
 *   due retries            are released, and readers woken; dead letters that could not be moved
 *                          are tried again
 *   ended leases           are each looked at once: used-up entries die, readers are woken for
 *                          others
 *   unused consumers       are deleted, and the group itself, after their TTLs
 *
 * Readers that lack a token are woken when one is there. At the end the timer is set for what comes
 * next. */
#include "broker/broker_work_group.h"

#include "base/clock.h"
#include "base/mem.h"
#include "broker/broker_dead.h"
#include "broker/broker_idle.h"
#include "broker/broker_order.h"
#include "broker/broker_retry.h"
#include "broker/broker_seat.h"

#define LOOKED 64  /* entries looked at for the order in one action */
#define TAKEN  128 /* entries released in one action, at most, */
#define BURIED 16  /* of which this many may die */

/* One group's work, and its time limit. */
struct working {
    struct broker_group x;
    struct broker_watch *watch;
    int64_t until_us;
    bool wakes;
};

/* Called after each entry, so a turn overruns by one entry at most. Reading the clock costs a
 * hundredth of an entry's walk through a large heap. */
static bool is_late(const struct working *w)
{
    return clock_mono_us() >= w->until_us;
}

static void die(struct working *w, const struct stream_pending_entry *e)
{
    broker_act_begin(&w->x);
    broker_dead_die_of_age(&w->x, e);
    act_end(w->x.engine);
}

/* Releases entries of a consumer without connections. */
static void take_back(struct working *w, const struct stream_consumer *c)
{
    struct stream_group *g = w->x.group;
    size_t n, kept = 0, dying = 0;
    struct stream_id *ids = broker_retry_owned(g, c, TAKEN, &n);
    for (; kept < n && dying < BURIED; kept++) {
        struct stream_pending_entry e;
        stream_pending_get_by_id(&g->pending, ids[kept], &e);
        dying += stream_policy_is_used_up(g->policy, e.count);
    }
    broker_act_begin(&w->x);
    broker_retry_take_back(&w->x, ids, kept, BYTES("connection closed"));
    act_end(w->x.engine);
    mem_free(ids);
}

/* True: there is more. */
static bool release_lost(struct working *w)
{
    struct broker_attachments *all = &w->watch->attachments;
    struct broker_attachment *a;
    bool late = false;
    while (!late && (a = broker_attachment_first_leaving(all))) {
        if (a->consumer->pending) {
            take_back(w, a->consumer);
            late = is_late(w);
        } else {
            broker_attachment_drop(a);
        }
        w->wakes = true;
    }
    return late;
}

/* True: there is more. */
static bool move_seat(struct working *w)
{
    bool more;
    do
        more = broker_seat_work(&w->x, w->watch);
    while (more && !is_late(w));
    return more;
}

static struct stream_id next_due(const struct stream_pending *p)
{
    return stream_touched_at(&p->touched, stream_touched_next_due(&p->touched))->id;
}

/* True: there is more. */
static bool release_due(struct working *w)
{
    struct stream_pending *p = &w->x.group->pending;
    int64_t due, now = broker_act_now(&w->x);
    bool late = false;
    while (!late && stream_pending_first_due(p, &due) && due <= now) {
        struct stream_pending_entry e;
        stream_pending_get_by_id(p, next_due(p), &e);
        if (broker_dead_is_due(w->x.group, &e)) {
            die(w, &e);
        } else {
            stream_group_release_due(w->x.group, now, 1);
            w->wakes = true;
        }
        late = is_late(w);
    }
    return late;
}

/* True: there is more. */
static bool look_at_ended(struct working *w)
{
    struct stream_policy *policy = w->x.group->policy;
    struct stream_pending_entry e;
    if (!policy->lease_ms)
        return false;
    int64_t until = broker_act_now(&w->x) - policy->lease_ms;
    bool late = false;
    while (!late && stream_pending_end_next(&w->x.group->pending, until, &e)) {
        policy->counts.leases_ended++;
        if (stream_policy_is_used_up(policy, e.count))
            die(w, &e);
        else
            w->wakes = true;
        late = is_late(w);
    }
    return late;
}

/* Sets delivery times in the future, as in a file of a server whose clock was ahead, to now. True:
 * there are more. */
static bool correct_times(struct working *w)
{
    struct stream_pending *p = &w->x.group->pending;
    struct stream_pending_place at;
    struct stream_pending_entry e;
    int64_t now = broker_act_now(&w->x);
    bool any = stream_pending_seek(p, w->watch->checked_to, &at);
    for (bool late = false; any && !late; late = is_late(w)) {
        stream_pending_get(p, at, &e);
        if (e.consumer != STREAM_PENDING_NO_CONSUMER && e.time_ms > now)
            stream_group_assign(w->x.group, at, stream_group_owner(w->x.group, e.consumer), now,
                                e.count, false);
        any = stream_pending_next(p, &at);
    }
    if (any) {
        stream_pending_get(p, at, &e);
        w->watch->checked_to = e.id;
    }
    w->watch->checked = !any;
    return any;
}

/* True: there is more. */
static bool look_for_order(struct working *w)
{
    const struct stream_order *o = w->x.group->order;
    if (!w->x.group->policy->order_by->n || (o && o->is_complete && broker_order_look(&w->x, 0)))
        return false;
    while (!broker_order_look(&w->x, LOOKED))
        if (is_late(w))
            return true;
    return false;
}

static void look_at_bucket(struct working *w)
{
    struct broker_watch *watch = w->watch;
    if (!watch->lacks_token || broker_bucket_next_ms(&watch->bucket) > broker_act_now(&w->x))
        return;
    watch->lacks_token = false;
    w->wakes = true;
}

/* One round of a group's work. */
static enum broker_idle_end work(struct working *w)
{
    struct broker_watch *watch = w->watch;
    look_at_bucket(w);
    bool more = release_lost(w) || move_seat(w) || (!watch->checked && correct_times(w)) ||
                look_for_order(w) || release_due(w) || look_at_ended(w);
    enum broker_idle_end idle =
        more ? BROKER_IDLE_MORE : broker_idle_work(&w->x, watch, w->until_us);
    if (idle == BROKER_IDLE_GONE)
        return idle;
    if (w->wakes || watch->wakes) {
        db_ready(w->x.db, w->x.key);
        broker_watch_room(watch, true);
    }
    watch->wakes = false;
    return idle;
}

void broker_work_group(struct broker_watch *watch, int64_t until_us)
{
    struct broker *b = watch->broker;
    struct str *key = str_ref(watch->key);
    struct entry *e = db_write_notouch(watch->db, str_bytes(key));
    if (e) {
        struct stream *s = value_to_change(e);
        struct stream_group *g = stream_find_group(s, str_bytes(watch->group));
        ASSERT(g && broker_watch_of(g) == watch);
        struct working w = {.x = {.engine = b->engine,
                                  .db = watch->db,
                                  .key = str_bytes(key),
                                  .stream = s,
                                  .group = g},
                            .watch = watch,
                            .until_us = until_us};
        switch (work(&w)) {
        case BROKER_IDLE_MORE:
            broker_due_again(b, &watch->due);
            break;
        case BROKER_IDLE_DONE:
            broker_due_leave(b, &watch->due);
            broker_watch_arm(watch, &w.x);
            break;
        case BROKER_IDLE_GONE:
            break;
        }
    }
    str_unref(key);
}
