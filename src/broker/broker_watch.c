#include "broker/broker_watch.h"

#include "base/mem.h"
#include "engine/block.h"
#include "type/stream/stream_pending_walk.h"

static void note_due(struct timer *timer)
{
    struct broker_watch *w = dlist_item(timer, struct broker_watch, timer);
    broker_due_join(w->broker, &w->due, timer->node.at);
}

void broker_watch_note(struct broker_watch *w)
{
    if (w)
        broker_due_join(w->broker, &w->due, w->broker->engine->steady_ms);
}

void broker_watch_wake(struct broker_watch *w)
{
    if (w)
        w->wakes = true;
    broker_watch_note(w);
}

/* Places it under its key. Leases that ended and retries that fell due until now are looked at in
 * the next turn. */
static void settle(struct broker_watch *w, struct db *db, struct bytes key)
{
    w->db = db;
    w->key = str_new(key);
    broker_watch_note(w);
    w->broker->watch_placed(w);
}

static void make(struct broker *b, struct db *db, struct bytes key, struct stream_group *g)
{
    struct broker_watch *w = mem_zalloc(sizeof(*w));
    w->broker = b;
    w->group = str_ref(g->name);
    w->of = g;
    w->since_ms = w->idle.seen_ms = b->engine->steady_ms;
    broker_attachment_init(&w->attachments);
    dlist_init(&w->subscribed);
    dlist_init(&w->full);
    dlist_append(&b->watches, &w->all);
    b->policies++;
    g->policy->watch = w;
    settle(w, db, key);
}

static void end(struct broker_watch *w, enum broker_watch_end why)
{
    ASSERT(w->broker->policies > 0);
    if (w->subscriptions)
        w->broker->watch_ended(w, why);
    if (w->mark)
        w->broker->watch_taken(w);
    dlist_remove(&w->roomy);
    broker_attachment_drop_all(&w->attachments);
    timer_stop(&w->broker->engine->timers, &w->timer);
    broker_due_leave(w->broker, &w->due);
    dlist_remove(&w->all);
    w->broker->policies--;
    str_unref(w->key);
    str_unref(w->group);
    mem_free(w);
}

void broker_watch_link(struct broker *b, struct db *db, struct entry *e)
{
    struct stream *s = value_to_change(e);
    struct dict_walk walk = {0};
    for (struct dict_node *n; (n = dict_next(&s->groups, &walk));) {
        struct stream_group *g = n->value;
        if (!g->policy)
            continue;
        struct broker_watch *w = broker_watch_of(g);
        if (!w)
            make(b, db, entry_key(e), g);
        else if (!w->key)
            settle(w, db, entry_key(e));
    }
}

void broker_watch_uproot(struct entry *e)
{
    struct stream *s = value_to_change(e);
    struct dict_walk walk = {0};
    for (struct dict_node *n; (n = dict_next(&s->groups, &walk));) {
        struct broker_watch *w = broker_watch_of(n->value);
        if (!w)
            continue;
        if (w->subscriptions)
            w->broker->watch_ended(w, BROKER_WATCH_KEY_GOES);
        if (w->mark)
            w->broker->watch_taken(w);
        dlist_remove(&w->roomy);
        timer_stop(&w->broker->engine->timers, &w->timer);
        broker_due_leave(w->broker, &w->due);
        broker_attachment_stop_waiting(&w->attachments);
        str_unref(w->key);
        w->key = NULL;
    }
}

void broker_watch_drop(struct stream_group *g, enum broker_watch_end why)
{
    struct broker_watch *w = broker_watch_of(g);
    if (!w)
        return;
    g->policy->watch = NULL;
    end(w, why);
}

void broker_watch_unlink(struct entry *e)
{
    struct stream *s = value_to_change(e);
    struct dict_walk walk = {0};
    for (struct dict_node *n; (n = dict_next(&s->groups, &walk));)
        broker_watch_drop(n->value, BROKER_WATCH_KEY_GOES);
}

void broker_watch_free_all(struct broker *b)
{
    while (!dlist_empty(&b->watches))
        end(dlist_item(b->watches.next, struct broker_watch, all), BROKER_WATCH_KEY_GOES);
}

void broker_watch_sooner(struct broker_watch *w, int64_t at_ms)
{
    if (!w || (timer_is_set(&w->timer) && w->timer.node.at <= at_ms))
        return;
    timer_set(&w->broker->engine->timers, &w->timer, TIMER_STEADY, at_ms, note_due);
}

void broker_watch_token(struct broker_watch *w)
{
    w->lacks_token = true;
    broker_watch_sooner(w, broker_bucket_next_ms(&w->bucket));
}

void broker_watch_refill(struct broker_watch *w)
{
    w->bucket = (struct broker_bucket){0};
    w->lacks_token = false;
}

void broker_watch_leased(const struct broker_group *x, int64_t time_ms)
{
    int64_t lease = x->group->policy->lease_ms;
    struct broker_watch *w = broker_watch_of(x->group);
    if (w && time_ms > broker_act_now(x)) {
        w->checked = false;
        w->checked_to = STREAM_ID_MIN;
        broker_watch_note(w);
    }
    if (lease)
        broker_watch_sooner(w, num_minus(time_ms, -lease));
}

void broker_watch_counts(const struct stream *s, const struct stream_group *g,
                         uint64_t out[BROKER_RATE_KINDS])
{
    const struct stream_policy_counts *c = &g->policy->counts;
    out[BROKER_ADDED] = s->added > c->added_before ? s->added - c->added_before : 0;
    out[BROKER_DELIVERED] = c->delivered;
    out[BROKER_ACKED] = c->acked;
    out[BROKER_FAILED] = c->failed;
}

void broker_watch_sample(const struct broker_group *x)
{
    struct broker_watch *w = broker_watch_of(x->group);
    if (!w || !broker_rate_is_due(&w->rate, x->engine->steady_ms))
        return;
    uint64_t counts[BROKER_RATE_KINDS];
    broker_watch_counts(x->stream, x->group, counts);
    broker_rate_sample(&w->rate, x->engine->steady_ms, counts);
}

/* Whether a lease end matters now. */
static bool is_looked_for(const struct broker_group *x)
{
    const struct broker_watch *w = broker_watch_of(x->group);
    return x->group->policy->max_deliver || (w && w->subscriptions) ||
           block_is_awaited(x->engine, x->db, x->key);
}

int64_t broker_watch_seat_ends_ms(const struct broker_watch *w)
{
    const struct stream_consumer *holder = w->seat.holder;
    if (!holder || holder->presence.waiting)
        return INT64_MAX;
    int64_t seen =
        holder->seen_ms > w->broker->acts_since_ms ? holder->seen_ms : w->broker->acts_since_ms;
    return seen + w->of->policy->single_ms;
}

void broker_watch_arm(struct broker_watch *w, const struct broker_group *x)
{
    struct stream_pending *p = &x->group->pending;
    const struct stream_policy *policy = x->group->policy;
    int64_t lease = policy->lease_ms, at, first = INT64_MAX;
    if (stream_pending_first_due(p, &at))
        first = at;
    if (lease && is_looked_for(x) && stream_pending_walk_end_ms(p, &at)) {
        int64_t ends = num_minus(at, -lease);
        first = ends < first ? ends : first;
    }
    if (w->attachments.waiting && policy->single_ms) {
        int64_t ends = broker_watch_seat_ends_ms(w);
        first = ends < first ? ends : first;
    }
    if (policy->consumer_ttl_ms || policy->group_ttl_ms)
        first = w->idle.look_ms < first ? w->idle.look_ms : first;
    if (w->lacks_token) {
        at = broker_bucket_next_ms(&w->bucket);
        first = at < first ? at : first;
    }
    if (first == INT64_MAX)
        timer_stop(&w->broker->engine->timers, &w->timer);
    else
        timer_set(&w->broker->engine->timers, &w->timer, TIMER_STEADY, first, note_due);
}
