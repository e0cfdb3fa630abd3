/* The turn of the broker. Timers only note that a group has something to do (broker_watch_note());
 * here it is done, within broker-turn-us, the longest due group first. For each group, in order:
 *
 *   times in the future    once after loading: they count as now (the clock was set back)
 *   deferred ones          that are due are released, and readers woken; those that are dead and
 *                          could not be moved are tried again
 *   leases that ended      each is looked at once: who is used up dies, else readers are woken
 *
 * and then its timer is set for what comes next. A group that is not done when the time is over
 * goes to the end of the line, and the loop does not sleep. What falls due while nothing may be
 * done (a pause, a failed disk, a replica) stays in line. */
#include "broker/broker.h"

#include "base/clock.h"
#include "base/mem.h"
#include "broker/broker_dead.h"
#include "engine/observe.h"

#define STEP 1000 /* entries of one action */

/* ---- Which groups there are */

static void on_linked(void *context, struct db *db, struct entry *e)
{
    struct engine *engine = context;
    broker_watch_link(engine->broker, db, e);
}

static void on_unlinked(void *context, struct db *db, struct entry *e)
{
    (void)context;
    (void)db;
    broker_watch_unlink(e);
}

struct broker *broker_new(struct engine *e)
{
    struct broker *b = mem_zalloc(sizeof(*b));
    b->engine = e;
    dlist_init(&b->watches);
    dlist_init(&b->due);
    e->store->events.linked = on_linked;
    e->store->events.unlinked = on_unlinked;
    return b;
}

void broker_free(struct broker *b)
{
    b->engine->store->events.linked = NULL;
    b->engine->store->events.unlinked = NULL;
    broker_watch_free_all(b);
    mem_free(b);
}

void broker_policy_changed(struct broker *b, struct db *db, struct entry *e, struct stream_group *g,
                           bool look_again)
{
    db_note_acting(db, e);
    if (!b || !g || !g->policy)
        return;
    broker_watch_link(b, db, e);
    if (look_again)
        stream_pending_end_reset(&g->pending);
    broker_watch_note(broker_watch_of(g));
    db_ready(db, entry_key(e));
}

/* ---- What is due */

/* One group's work, and how much time is left for it. */
struct working {
    struct broker_group x;
    struct broker_watch *watch;
    int64_t until_us;
    bool wakes;
};

static bool is_late(const struct working *w)
{
    return clock_mono_us() >= w->until_us;
}

static void die(struct working *w, const struct stream_pending_entry *e)
{
    bool may = act_begin(w->x.engine);
    ASSERT(may);
    db_write_notouch(w->x.db, w->x.key); /* of this group as well (store/changes.h) */
    broker_dead_die_of_age(&w->x, e);
    act_end(w->x.engine);
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
    for (int i = 0; stream_pending_first_due(p, &due) && due <= now; i++) {
        struct stream_pending_entry e;
        if (i >= STEP)
            return true;
        stream_pending_get_by_id(p, next_due(p), &e);
        if (broker_dead_is_due(w->x.group, &e)) {
            die(w, &e);
            if (is_late(w))
                return true;
        } else {
            stream_pending_release_due(p, now, 1);
            w->wakes = true;
        }
    }
    return false;
}

/* True: there is more. */
static bool look_at_ended(struct working *w)
{
    struct stream_policy *policy = w->x.group->policy;
    struct stream_pending_entry e;
    if (!policy->lease_ms)
        return false;
    int64_t until = broker_act_now(&w->x) - policy->lease_ms;
    for (int i = 0; i < STEP; i++) {
        if (!stream_pending_end_next(&w->x.group->pending, until, &e))
            return false;
        policy->counts.leases_ended++;
        if (!stream_policy_is_used_up(policy, e.count)) {
            w->wakes = true;
            continue;
        }
        die(w, &e);
        if (is_late(w))
            return true;
    }
    return true;
}

/* Entries that are delivered in the future, as from a file whose clock was ahead: now. */
static bool correct_times(struct working *w)
{
    struct stream_pending *p = &w->x.group->pending;
    struct stream_pending_place at;
    struct stream_pending_entry e;
    int64_t now = broker_act_now(&w->x);
    bool any = stream_pending_seek(p, w->watch->checked_to, &at);
    for (int i = 0; any && i < STEP; i++) {
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

/* True: there is more to do. The watch may be gone when the key is. */
static bool work(struct broker *b, struct broker_watch *watch, int64_t until_us)
{
    struct str *key = str_ref(watch->key);
    struct entry *e = db_write_notouch(watch->db, str_bytes(key));
    bool more = false;
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
                            .until_us = until_us,
                            .wakes = watch->wakes};
        watch->wakes = false;
        more = (!watch->checked && correct_times(&w)) || release_due(&w) || look_at_ended(&w);
        if (w.wakes)
            db_ready(watch->db, str_bytes(key));
        dlist_remove(&watch->due);
        if (more)
            dlist_append(&b->due, &watch->due);
        else
            broker_watch_arm(watch, &w.x);
    }
    str_unref(key);
    return more;
}

bool broker_has_work(const struct broker *b)
{
    return !dlist_empty(&b->due) && act_may(b->engine);
}

void broker_turn(struct broker *b)
{
    if (!broker_has_work(b))
        return;
    int64_t began_us = clock_mono_us(), until_us = began_us + b->engine->settings->broker_turn_us;
    do
        work(b, dlist_item(b->due.next, struct broker_watch, due), until_us);
    while (!dlist_empty(&b->due) && clock_mono_us() < until_us);
    int64_t took_us = clock_mono_us() - began_us;
    if (took_us > b->longest_us)
        b->longest_us = took_us;
    observe_latency(b->engine, "broker-cycle", took_us / 1000);
}

int64_t broker_late_ms(const struct broker *b)
{
    if (dlist_empty(&b->due))
        return 0;
    const struct broker_watch *w = dlist_item(b->due.next, struct broker_watch, due);
    return b->engine->steady_ms - w->due_ms;
}
