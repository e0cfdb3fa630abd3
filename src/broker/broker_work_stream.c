#include "broker/broker_work_stream.h"

#include "base/clock.h"
#include "broker/broker_append.h"
#include "broker/broker_expire.h"
#include "broker/broker_limits.h"
#include "broker/broker_schedule.h"

/* Its notifications are captured by no stream: what is trimmed may have been captured
 * (broker_capture.h). */
static void trim(const struct broker_group *x, enum broker_moment kind)
{
    struct broker *b = x->engine->broker;
    b->trims_by_itself = true;
    if (kind == BROKER_MOMENT_EXCESS)
        broker_limits_trim_excess(x);
    else
        broker_limits_trim_old(x);
    b->trims_by_itself = false;
}

/* One action: what is due of one kind, at most 1,000 messages, as one transaction; less if until_us
 * passes. */
static void act(const struct broker_group *x, enum broker_moment kind, int64_t until_us)
{
    switch (kind) {
    case BROKER_MOMENT_SCHEDULED:
        broker_append_due(x, until_us);
        break;
    case BROKER_MOMENT_SCHEDULE:
        broker_schedule_do_due(x);
        break;
    case BROKER_MOMENT_EXPIRY:
        broker_expire_due(x);
        db_ready(x->db, x->key); /* readers refused while they were there */
        break;
    case BROKER_MOMENT_EXCESS:
    case BROKER_MOMENT_AGE:
        trim(x, kind);
        break;
    default:
        ASSERT(false);
    }
}

/* Finds the stream of m; false: it is gone, and m with it. */
static bool find(const struct broker_moments *m, struct broker_group *x)
{
    struct entry *e = db_write_notouch(x->db, x->key);
    x->stream = e ? value_to_change(e) : NULL;
    return e && x->stream->extra && x->stream->extra->watch == m;
}

/* Whether there is memory for a schedule's message; if not, its schedules are postponed. The search
 * for memory may evict anything. */
static bool has_room(const struct broker_moments *m, struct broker_group *x)
{
    if (broker_schedule_has_room(x->engine))
        return true;
    if (find(m, x))
        broker_schedule_postpone(x);
    return false;
}

static void do_one(const struct broker_moments *m, struct broker_group *x, enum broker_moment kind,
                   int64_t until_us)
{
    bool may = act_begin(x->engine);
    ASSERT(may);
    if (find(m, x)) { /* for this group's changes as well (store/changes.h) */
        act(x, kind, until_us);
        broker_moments_changed(x);
    }
    act_end(x->engine);
}

void broker_work_stream(struct broker_moments *m, int64_t until_us)
{
    struct str *key = str_ref(m->key);
    struct broker *b = m->broker;
    struct broker_group x = {.engine = b->engine, .db = m->db, .key = str_bytes(key)};
    enum broker_moment kind;
    bool in_time = true;
    while (find(m, &x)) {
        if (broker_moments_first_ms(x.stream, &kind) > broker_act_wall(&x)) {
            broker_due_leave(b, &m->due);
            broker_moments_changed(&x); /* frees extras that commands left empty */
            break;
        }
        if (!in_time) {
            broker_due_again(b, &m->due);
            break;
        }
        if (kind != BROKER_MOMENT_SCHEDULE || has_room(m, &x))
            do_one(m, &x, kind, until_us);
        in_time = clock_mono_us() < until_us;
    }
    str_unref(key);
}
