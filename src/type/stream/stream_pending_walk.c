#include "type/stream/stream_pending_walk.h"

/* Starts at this ID, which is an untouched one's if any is left. */
static void begin_plain(struct stream_pending_walk *w, bool any, struct stream_id from)
{
    w->plain_done = !any || !stream_pending_seek(w->pending, from, &w->plain);
}

void stream_pending_walk_start(struct stream_pending_walk *w, struct stream_pending *p)
{
    struct stream_pending_entry e;
    bool any = stream_pending_find_plain(p, &p->plain_from, &e);
    if (stream_id_compare(p->looked_below, p->plain_from) < 0)
        p->looked_below = p->plain_from;
    *w = (struct stream_pending_walk){.pending = p, .linked = p->touched.first};
    begin_plain(w, any, p->plain_from);
}

bool stream_pending_walk_peek(struct stream_pending_walk *w, struct stream_pending_entry *out)
{
    const struct stream_pending *p = w->pending;
    struct stream_pending_entry plain;
    bool have_plain = !w->plain_done && stream_pending_settle_plain(p, &w->plain, &plain);
    w->plain_done = !have_plain;
    if (w->linked != STREAM_TOUCHED_NONE) {
        const struct stream_touched_node *t = stream_touched_at(&p->touched, w->linked);
        if (t->state == STREAM_RELEASED || !have_plain || t->time_ms <= plain.time_ms) {
            stream_pending_get_by_id(p, t->id, out);
            return true;
        }
    }
    if (have_plain)
        *out = plain;
    return have_plain;
}

void stream_pending_walk_next(struct stream_pending_walk *w,
                              const struct stream_pending_entry *seen)
{
    w->pending->walked++;
    if (seen->touched) {
        w->beyond |= w->linked == w->pending->touched.barred;
        w->linked = stream_touched_at(&w->pending->touched, w->linked)->next;
    } else {
        w->took_plain = true;
        w->plain.record++;
    }
}

static void bar_touched(struct stream_touched *t, uint32_t node, bool released)
{
    uint32_t *barred = released ? &t->barred_released : &t->barred;
    uint32_t first = released ? t->first : stream_touched_first_leased(t);
    if (*barred == STREAM_TOUCHED_NONE ? node == first
                                       : stream_touched_at(t, node)->prev == *barred)
        *barred = node;
}

static void bar_plain(struct stream_pending *p, struct stream_id id)
{
    if (stream_id_next(&id) && stream_id_compare(id, p->barred_below) > 0)
        p->barred_below = id;
}

void stream_pending_walk_bar(struct stream_pending_walk *w, const struct stream_pending_entry *seen)
{
    bool took_plain = w->took_plain;
    if (seen->touched)
        bar_touched(&w->pending->touched, w->linked, seen->consumer == STREAM_PENDING_NO_CONSUMER);
    else if (!took_plain)
        bar_plain(w->pending, seen->id);
    stream_pending_walk_next(w, seen);
    w->took_plain = took_plain;
}

bool stream_pending_walk_leap(struct stream_pending_walk *w,
                              const struct stream_pending_entry *seen)
{
    const struct stream_touched *t = &w->pending->touched;
    bool released = seen->consumer == STREAM_PENDING_NO_CONSUMER;
    bool *leapt = released ? &w->leapt_released : &w->leapt;
    uint32_t barred = released ? t->barred_released : t->barred;
    struct stream_pending_place from = w->plain;
    struct stream_pending_entry plain;
    bool moves = barred != STREAM_TOUCHED_NONE && (released || !w->beyond);
    if (*leapt)
        return false;
    *leapt = true;
    if (moves)
        w->linked = stream_touched_at(t, barred)->next;
    if (released || w->plain_done || !stream_pending_settle_plain(w->pending, &from, &plain) ||
        stream_id_compare(plain.id, w->pending->barred_below) >= 0)
        return moves;
    begin_plain(w, true, w->pending->barred_below);
    return true;
}

void stream_pending_walk_unbar_between(struct stream_pending *p, struct stream_id from,
                                       struct stream_id to)
{
    struct stream_pending_place at;
    struct stream_pending_entry e;
    bool any = stream_id_compare(p->barred_below, STREAM_ID_MIN) > 0 ||
               p->touched.barred != STREAM_TOUCHED_NONE ||
               p->touched.barred_released != STREAM_TOUCHED_NONE;
    if (!any || !stream_pending_seek(p, from, &at))
        return;
    stream_pending_get(p, at, &e);
    if (stream_id_compare(e.id, to) <= 0)
        stream_pending_walk_unbar(p);
}

bool stream_pending_walk_oldest_leased(struct stream_pending *p, struct stream_pending_entry *out)
{
    struct stream_pending_walk w;
    stream_pending_walk_start(&w, p);
    w.linked = stream_touched_first_leased(&p->touched);
    return stream_pending_walk_peek(&w, out);
}

bool stream_pending_walk_released(const struct stream_pending *p, uint32_t *at,
                                  struct stream_pending_entry *out)
{
    const struct stream_touched *t = &p->touched;
    bool begins = *at == STREAM_TOUCHED_NONE;
    uint32_t next = begins && t->released_count    ? t->first
                    : begins || *at == t->released ? t->first_held
                                                   : stream_touched_at(t, *at)->next;
    if (next == STREAM_TOUCHED_NONE)
        return false;
    *at = next;
    stream_pending_get_by_id(p, stream_touched_at(t, *at)->id, out);
    return true;
}

void stream_pending_walk_unlooked(struct stream_pending_walk *w, struct stream_pending *p)
{
    struct stream_pending_entry plain;
    *w =
        (struct stream_pending_walk){.pending = p, .linked = stream_touched_next_look(&p->touched)};
    begin_plain(w, stream_pending_find_plain(p, &p->looked_below, &plain), p->looked_below);
}

bool stream_pending_walk_end_ms(struct stream_pending *p, int64_t *time_ms)
{
    struct stream_pending_entry plain;
    bool have_plain = stream_pending_find_plain(p, &p->looked_below, &plain);
    uint32_t node = stream_touched_next_look(&p->touched);
    if (have_plain)
        *time_ms = plain.time_ms;
    if (node == STREAM_TOUCHED_NONE)
        return have_plain;
    int64_t touched_ms = stream_touched_at(&p->touched, node)->time_ms;
    if (!have_plain || touched_ms < *time_ms)
        *time_ms = touched_ms;
    return true;
}
