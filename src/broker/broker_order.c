/* States of a group's order:
 *
 *   none     nobody has read since it had to be built
 *   learned  pending entries are examined, some at each read and turn; nothing is delivered
 *   known    a read judges entries in the order of IDs: delivered; passed over, and held until
 *            their value is free; or the read stops, as broker-order-ahead are held already
 *
 * When what stopped a read is gone, readers are woken (wake_readers). An entry without a message
 * has no value and blocks nothing. Nothing here can fail. */
#include "broker/broker_order.h"

#include "base/hash.h"
#include "broker/broker_watch.h"

#define AT_ONCE 1000 /* pending entries that one read examines */

/* ---- Values */

/* The hash of the first field with the order's name; false: there is none. */
static bool read_value(const struct broker_group *x, const struct stream_entry *given,
                       uint64_t *out)
{
    struct bytes field = str_bytes(x->group->policy->order_by), name, value;
    struct stream_entry e = *given;
    for (uint32_t left = e.fields; left; left--) {
        stream_block_field(&e, &name, &value);
        if (bytes_equal(name, field)) {
            *out = hash_key(value);
            return true;
        }
    }
    return false;
}

/* Adds an unknown entry. False: it has no such field. */
static bool add(const struct broker_group *x, const struct stream_entry *e)
{
    uint64_t value;
    if (!read_value(x, e, &value))
        return false;
    stream_order_add(x->group->order, e->id, value);
    return true;
}

void broker_order_learn(const struct broker_group *x, struct stream_id id)
{
    struct stream_order *o = x->group->order;
    struct stream_cursor c = {0};
    struct stream_entry e;
    if (!o || stream_order_state(o, id) != STREAM_ORDER_NONE)
        return;
    if (stream_log_follow(&x->stream->log, id, &c)) {
        stream_log_read(&c, &e);
        add(x, &e);
    }
    stream_log_end(&c);
}

/* ---- Finding out what is pending */

static void wake_readers(void *group)
{
    struct broker_watch *w = broker_watch_of(group);
    if (w)
        db_ready(w->db, str_bytes(w->key));
}

static struct stream_order *begin(const struct broker_group *x)
{
    struct stream_order *o = stream_group_begin_order(x->group);
    o->skips = x->group->policy->order_skips;
    o->term = x->engine->role_changes;
    o->wake = wake_readers;
    o->context = x->group;
    return o;
}

/* A deleted message has no value and blocks nothing. */
static void look_at(const struct broker_group *x, struct stream_pending_place at,
                    struct stream_cursor *c)
{
    struct stream_order *o = x->group->order;
    struct stream_pending *p = &x->group->pending;
    struct stream_pending_entry e;
    struct stream_entry message;
    int64_t due_ms;
    stream_pending_get(p, at, &e);
    if (stream_order_state(o, e.id) != STREAM_ORDER_NONE ||
        !stream_log_follow(&x->stream->log, e.id, c))
        return;
    stream_log_read(c, &message);
    if (!add(x, &message))
        return;
    if (e.consumer != STREAM_PENDING_NO_CONSUMER)
        stream_turn_leased(o, e.id);
    else if (stream_pending_is_deferred(p, e.id, &due_ms))
        stream_turn_deferred(o, p, e.id);
    else
        stream_turn_released(o, p, e.id);
}

bool broker_order_look(const struct broker_group *x, uint64_t most)
{
    struct stream_group *g = x->group;
    struct stream_cursor c = {0};
    struct stream_pending_place at;
    if (g->policy->order_by->n == 0)
        return true;
    if (g->order && g->order->term != x->engine->role_changes)
        stream_group_end_order(g); /* another server acted in between */
    struct stream_order *o = g->order ? g->order : begin(x);
    if (o->is_complete)
        return true;
    bool any = stream_pending_seek(&g->pending, o->known_to, &at);
    for (; any && most; most--, any = stream_pending_next(&g->pending, &at))
        look_at(x, at, &c);
    stream_log_end(&c);
    if (any) {
        struct stream_pending_entry e;
        stream_pending_get(&g->pending, at, &e);
        o->known_to = e.id;
    }
    o->is_complete = !any;
    if (o->is_complete)
        wake_readers(g);
    return o->is_complete;
}

bool broker_order_is_ready(const struct broker_group *x)
{
    if (broker_order_look(x, AT_ONCE))
        return true;
    broker_watch_note(broker_watch_of(x->group));
    return false;
}

/* ---- Pending entries */

/* Its lease still runs, or it is a retry that must not be overtaken. */
static bool is_busy(const struct broker_group *x, struct stream_id id)
{
    const struct stream_pending *p = &x->group->pending;
    int64_t lease_ms = x->group->policy->lease_ms, due_ms;
    struct stream_pending_entry e;
    stream_pending_get_by_id(p, id, &e);
    if (e.consumer == STREAM_PENDING_NO_CONSUMER)
        return stream_pending_is_deferred(p, id, &due_ms);
    return !lease_ms || num_minus(broker_act_now(x), e.time_ms) < lease_ms;
}

bool broker_order_may_give(const struct broker_group *x, struct stream_id id)
{
    const struct stream_order *o = x->group->order;
    if (!o)
        return true;
    if (!stream_order_leads(o, id))
        return stream_order_state(o, id) == STREAM_ORDER_NONE;
    for (struct stream_id other = id;;) {
        other = stream_order_next_taker(o, other);
        if (stream_id_compare(other, id) == 0)
            return true;
        if (is_busy(x, other))
            return false;
    }
}

static void journal_held(const struct broker_group *x, struct buf *ids, uint64_t count, bool force)
{
    broker_act_effect_nack(x, &(struct broker_act_nack){.ids = (const void *)ids->p,
                                                        .n = ids->n / sizeof(struct stream_id),
                                                        .count = count,
                                                        .force = force});
    buf_free(ids);
}

void broker_order_hold(const struct broker_group *x, const struct stream_pending_entry *list,
                       size_t n)
{
    struct stream_group *g = x->group;
    struct buf ids = {0};
    uint64_t count = 0, changed = 0;
    for (size_t i = 0; i < n; i++) {
        const struct stream_pending_entry *e = &list[i];
        struct stream_pending_place at;
        if (e->consumer == STREAM_PENDING_NO_CONSUMER) {
            stream_turn_released(g->order, &g->pending, e->id);
            continue;
        }
        if (ids.n && e->count != count)
            journal_held(x, &ids, count, false);
        count = e->count;
        buf_add(&ids, bytes_of(&e->id, sizeof(e->id)));
        bool found = stream_pending_find(&g->pending, e->id, &at);
        ASSERT(found);
        stream_group_release(g, at, count);
        changed++;
    }
    journal_held(x, &ids, count, false);
    if (changed)
        broker_act_changed(x, changed);
}

/* ---- Unread entries */

/* Whether broker-order-ahead entries are held (broker O6). */
static bool is_far_ahead(const struct broker_group *x)
{
    return stream_pending_held_count(&x->group->pending) >=
           (uint64_t)x->engine->settings->broker_order_ahead;
}

void broker_order_ahead_changed(struct broker_watch *w)
{
    struct stream_order *o = w->of->order;
    if (!o || !o->stopped || !w->key)
        return;
    o->stopped = false;
    wake_readers(w->of);
}

enum broker_order_verdict broker_order_judge(struct broker_order_read *r,
                                             const struct stream_entry *e)
{
    const struct broker_group *x = r->at;
    struct stream_order *o = x->group->order;
    enum stream_order_state state = stream_order_state(o, e->id);
    bool is_known = state != STREAM_ORDER_NONE, may;
    uint64_t value;
    if (state == STREAM_ORDER_TAKES || state == STREAM_ORDER_WAITS) /* XGROUP SETID moved back */
        may = state == STREAM_ORDER_TAKES && broker_order_may_give(x, e->id);
    else if (!read_value(x, e, &value))
        return BROKER_ORDER_GIVE;
    else
        may = !stream_order_is_taken(o, value);
    r->too_many = !may && r->passed == BROKER_ORDER_PASSED;
    if (r->too_many || (!may && !is_known && is_far_ahead(x))) {
        o->stopped = true;
        return BROKER_ORDER_STOP;
    }
    if (!is_known)
        stream_order_add(o, e->id, value);
    if (may)
        return BROKER_ORDER_GIVE;
    r->passed++;
    if (!is_known) {
        stream_group_restore(x->group, e->id, NULL, 0, 0);
        buf_add(&r->held, bytes_of(&e->id, sizeof(e->id)));
    }
    return BROKER_ORDER_PASS;
}

void broker_order_end(struct broker_order_read *r)
{
    journal_held(r->at, &r->held, 0, true);
    if (r->too_many)
        broker_watch_wake(broker_watch_of(r->at->group));
}
