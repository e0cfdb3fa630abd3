#include "broker/broker_moments.h"

#include "base/mem.h"
#include "broker/broker_limits.h"

/* A stream that has given its last ID can append nothing, so no message is ever due. */
__attribute__((noinline)) static int64_t scheduled_ms(const struct stream *s)
{
    struct stream_future_message m;
    if (stream_id_compare(s->last_id, STREAM_ID_MAX) == 0 ||
        !stream_future_first(&s->extra->future, &m) || m.id.ms > INT64_MAX)
        return INT64_MAX;
    return (int64_t)m.id.ms;
}

__attribute__((noinline)) static int64_t expiry_ms(const struct stream *s)
{
    struct stream_id id;
    int64_t at;
    return stream_expiry_first(&s->extra->expiry, &id, &at) ? at : INT64_MAX;
}

/* Called for each append, and most streams have one or two kinds: an absent one costs a comparison.
 */
int64_t broker_moments_of_kind_ms(const struct stream *s, enum broker_moment kind)
{
    switch (kind) {
    case BROKER_MOMENT_SCHEDULED:
        return stream_future_count(&s->extra->future) ? scheduled_ms(s) : INT64_MAX;
    case BROKER_MOMENT_SCHEDULE:
        return stream_schedules_due_ms(&s->extra->schedules);
    case BROKER_MOMENT_EXPIRY:
        return stream_expiry_count(&s->extra->expiry) ? expiry_ms(s) : INT64_MAX;
    case BROKER_MOMENT_EXCESS:
        return broker_limits_excess_ms(s);
    case BROKER_MOMENT_AGE:
        return broker_limits_age_ms(s);
    default:
        return INT64_MAX;
    }
}

int64_t broker_moments_first_ms(const struct stream *s, enum broker_moment *kind)
{
    int64_t first = INT64_MAX;
    *kind = BROKER_MOMENT_KINDS;
    for (unsigned k = 0; k < BROKER_MOMENT_KINDS; k++) {
        int64_t at = broker_moments_of_kind_ms(s, (enum broker_moment)k);
        if (at < first) {
            first = at;
            *kind = (enum broker_moment)k;
        }
    }
    return first;
}

const struct stream *broker_moments_stream(const struct broker_moments *m)
{
    struct entry *e = db_find_past(m->db, str_bytes(m->key));
    const struct stream *s = e && value_type(e) == TYPE_STREAM ? value_object(e) : NULL;
    return s && s->extra && s->extra->watch == m ? s : NULL;
}

static struct broker_moments *moments_of(const struct stream *s)
{
    return s->extra ? s->extra->watch : NULL;
}

/* Converts to the steady clock: overdue by as much there as by the wall clock. A time of 0 is no
 * time: there is work now. */
static void note_due(struct timer *timer)
{
    struct broker_moments *m = dlist_item(timer, struct broker_moments, timer);
    const struct engine *e = m->broker->engine;
    int64_t late = timer->node.at ? num_minus(e->now_ms, timer->node.at) : 0;
    broker_due_join(m->broker, &m->due, num_minus(e->steady_ms, late));
}

static void arm(struct broker_moments *m, const struct stream *s)
{
    enum broker_moment kind;
    struct timers *timers = &m->broker->engine->timers;
    int64_t first = broker_moments_first_ms(s, &kind);
    if (broker_due_is_in_line(&m->due))
        return; /* armed again after its work */
    if (first == INT64_MAX)
        timer_stop(timers, &m->timer);
    else if (!timer_is_set(&m->timer) || m->timer.node.at != first)
        timer_set(timers, &m->timer, TIMER_WALL, first, note_due);
}

/* Keeps the list of capturing streams; pubsub reports publications while it is not empty
 * (broker_capture.h). */
static void set_capturing(struct broker_moments *m, bool captures)
{
    struct broker *b = m->broker;
    if (dlist_linked(&m->capturing) == captures)
        return;
    if (captures)
        dlist_append(&b->capturing, &m->capturing);
    else
        dlist_remove(&m->capturing);
    pubsub_capture_by(b->engine->pubsub, dlist_empty(&b->capturing) ? NULL : b->capture, b->engine);
}

static bool has_captures(const struct stream *s)
{
    return stream_captures_count(&s->extra->captures) > 0;
}

void broker_moments_link(struct broker *b, struct db *db, struct entry *e)
{
    struct stream *s = value_to_change(e);
    if (!s->extra || s->extra->watch)
        return;
    struct broker_moments *m = mem_zalloc(sizeof(*m));
    m->due.kind = BROKER_DUE_STREAM;
    m->broker = b;
    m->db = db;
    m->key = str_new(entry_key(e));
    dlist_append(&b->moments, &m->all);
    s->extra->watch = m;
    set_capturing(m, has_captures(s));
    arm(m, s);
}

static void end(struct broker_moments *m)
{
    timer_stop(&m->broker->engine->timers, &m->timer);
    broker_due_leave(m->broker, &m->due);
    dlist_remove(&m->all);
    set_capturing(m, false);
    str_unref(m->key);
    mem_free(m);
}

static void drop(const struct stream *s)
{
    struct broker_moments *m = moments_of(s);
    if (!m)
        return;
    s->extra->watch = NULL;
    end(m);
}

void broker_moments_unlink(struct entry *e)
{
    drop(value_object(e));
}

void broker_moments_changed(const struct broker_group *x)
{
    struct stream *s = x->stream;
    struct broker_moments *m = moments_of(s);
    bool empty = !s->extra || stream_extra_is_empty(s->extra);
    if (m && !empty) {
        set_capturing(m, has_captures(s));
        arm(m, s);
        return;
    }
    if (empty) {
        drop(s);
        stream_tidy_extra(s);
    }
    struct entry *e = db_find_past(x->db, x->key);
    ASSERT(e && value_object(e) == s);
    db_note_acting(x->db, e);
    if (!empty && x->engine->broker)
        broker_moments_link(x->engine->broker, x->db, e);
}

void broker_moments_free_all(struct broker *b)
{
    while (!dlist_empty(&b->moments))
        end(dlist_item(b->moments.next, struct broker_moments, all));
}
