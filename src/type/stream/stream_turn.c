#include "type/stream/stream_turn.h"

struct counts {
    uint32_t waiting, following;
};

static struct counts counts_of(const struct stream_order *o)
{
    return (struct counts){o->waiting, o->following};
}

static void wake_readers(struct stream_order *o)
{
    o->stopped = false;
    if (o->wake)
        o->wake(o->context);
}

void stream_turn_leased(struct stream_order *o, struct stream_id id)
{
    bool waited = stream_order_state(o, id) == STREAM_ORDER_WAITS;
    stream_order_take(o, id);
    if (waited)
        wake_readers(o);
}

void stream_turn_released(struct stream_order *o, struct stream_pending *p, struct stream_id id)
{
    if (stream_order_wait(o, id))
        stream_pending_hold(p, id);
}

/* Wakes readers if the entry that left released no waiting one: of several that take a value,
 * another may be claimable now. before: counts before the change. */
static void wake_if_needed(struct stream_order *o, struct counts before)
{
    if (o->waiting < before.waiting || o->following < before.following || o->stopped)
        wake_readers(o);
}

static void let_go(struct stream_order *o, struct stream_pending *p, struct stream_id id)
{
    stream_pending_let_go(p, id);
    wake_readers(o);
}

void stream_turn_deferred(struct stream_order *o, struct stream_pending *p, struct stream_id id)
{
    struct stream_id next;
    struct counts before = counts_of(o);
    if (!o->skips)
        stream_turn_leased(o, id);
    else if (stream_order_set_aside(o, id, &next))
        let_go(o, p, next);
    else
        wake_if_needed(o, before);
}

void stream_turn_gone(struct stream_order *o, struct stream_pending *p, struct stream_id id)
{
    struct stream_id next;
    struct counts before = counts_of(o);
    if (stream_order_remove(o, id, &next))
        let_go(o, p, next);
    else
        wake_if_needed(o, before);
}

void stream_turn_unread_gone(struct stream_order *o)
{
    if (o->stopped)
        wake_readers(o);
}

bool stream_turn_is_sound(const struct stream_order *o, const struct stream_pending *p)
{
    struct stream_pending_place at;
    struct stream_pending_entry e;
    uint32_t known = 0;
    int64_t due_ms;
    bool any = stream_pending_seek(p, STREAM_ID_MIN, &at);
    for (; any; any = stream_pending_next(p, &at)) {
        stream_pending_get(p, at, &e);
        enum stream_order_state state = stream_order_state(o, e.id);
        bool aside = o->skips && stream_pending_is_deferred(p, e.id, &due_ms);
        known += state != STREAM_ORDER_NONE;
        if (stream_pending_is_held(p, e.id) != (state == STREAM_ORDER_WAITS) ||
            (state == STREAM_ORDER_ASIDE) != (state != STREAM_ORDER_NONE && aside))
            return false;
    }
    return known == o->n && stream_pending_held_count(p) == o->waiting && stream_order_is_sound(o);
}
