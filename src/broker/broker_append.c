/* A scheduled message is kept in the stream's future under the ID that it will have. It is then
 *
 *   appended under that ID      the usual case: one effect XADD, from which a replay sees that the
 *                               message is no longer scheduled
 *   appended under the next ID  its own is no longer above the last one, or XSCHED RUN appends it
 *                               early: effects XDEL of the old ID, and XADD
 *   moved to another sequence   of the same millisecond, because another message takes its ID
 *                               (broker_future.h)
 *
 * While it is appended its names and values are read from the future, so it is removed from there
 * last. A stream that has given its last ID appends nothing: its scheduled messages stay.
 *
 * Destinations of copies may have due messages too. These are appended first, with their own
 * copies, but what is due in the destinations of those is not: else one append could pull in every
 * stream that is bound to another. */
#include "broker/broker_append.h"

#include "base/clock.h"
#include "base/mem.h"
#include "broker/broker_expire.h"
#include "broker/broker_future.h"
#include "broker/broker_limits.h"
#include "broker/broker_moments.h"
#include "broker/broker_put.h"

#define LOOK_EVERY 16 /* messages between two readings of the clock */

bool broker_append_read(const struct stream *s, struct stream_id id, size_t more,
                        struct broker_message *out)
{
    struct stream_cursor c;
    struct stream_entry e;
    bool found = stream_log_seek(&s->log, id, &c) && stream_id_compare(stream_log_id(&c), id) == 0;
    *out = (struct broker_message){0};
    if (found) {
        stream_log_read(&c, &e);
        char *to = out->memory = mem_alloc(e.bytes ? e.bytes : 1);
        out->fields = e.fields;
        out->pairs = mem_alloc((e.fields + more) * 2 * sizeof(*out->pairs));
        for (size_t i = 0; i < (size_t)e.fields * 2; i += 2) {
            stream_block_field(&e, &out->pairs[i], &out->pairs[i + 1]);
            for (size_t k = i; k < i + 2; k++) {
                struct bytes from = out->pairs[k];
                memcpy(to, from.p, from.n);
                out->pairs[k].p = to;
                to += from.n;
            }
        }
        ASSERT(to <= out->memory + (e.bytes ? e.bytes : 1));
    }
    stream_log_end(&c);
    return found;
}

void broker_append_free(struct broker_message *m)
{
    mem_free(m->pairs);
    mem_free(m->memory);
}

/* ---- Scheduled messages */

/* Appends a scheduled message and unschedules it. Returns the number of messages made, copies
 * included. */
static size_t put_scheduled(const struct broker_group *x, struct stream_id old, struct stream_id id)
{
    struct stream_future *f = &x->stream->extra->future;
    struct stream_future_message m;
    struct bytes few[BROKER_FUTURE_FEW];
    struct broker_route route = {0};
    int64_t expires_ms = 0;
    bool moved = stream_id_compare(old, id) != 0;
    if (moved) {
        const struct bytes words[] = {BYTES("XDEL"), x->key};
        broker_future_make_room(x, id);
        broker_act_effect_ids(x, words, 2, &old, 1);
    }
    bool found = stream_future_get(f, old, &m);
    ASSERT(found);
    struct bytes *pairs = broker_future_pairs(&m, few);
    if (broker_route_has_bindings(x))
        broker_route_plan(&route, x, pairs, m.fields, NULL);
    stream_expiry_get(&x->stream->extra->expiry, old, &expires_ms);
    broker_put(x, id, pairs, m.fields, false);
    size_t made = 1 + broker_route_copy(&route, x, id, pairs, m.fields, expires_ms);
    broker_route_free(&route);
    broker_future_release_pairs(pairs, few);
    stream_future_remove(f, old);
    if (!stream_log_has(&x->stream->log, id)) /* a limit trimmed it at once */
        stream_expiry_remove(&x->stream->extra->expiry, old);
    else if (moved)
        broker_expire_follow(x, old, id, 0);
    if (x->engine->broker)
        x->engine->broker->totals.appended_scheduled++;
    return made;
}

static bool first_due(const struct broker_group *x, struct stream_id below,
                      struct stream_future_message *m)
{
    const struct stream_future *f = &x->stream->extra->future;
    return stream_future_count(f) && !broker_put_is_exhausted(x->stream) &&
           stream_future_first(f, m) && m->id.ms <= (uint64_t)broker_act_wall(x) &&
           stream_id_compare(m->id, below) < 0;
}

static void bring_forward(const struct broker_group *x, const struct bytes *pairs, size_t fields,
                          struct stream_id below);

/* Brings forward what is due in the destinations of a due message. */
static void bring_forward_for(const struct broker_group *x, const struct stream_future_message *m)
{
    struct bytes few[BROKER_FUTURE_FEW], *pairs = broker_future_pairs(m, few);
    bring_forward(x, pairs, m->fields, m->id);
    broker_future_release_pairs(pairs, few);
}

/* broker_append_due() for messages below an ID. Copies count against the time. */
static void append_due(const struct broker_group *x, int64_t until_us, struct stream_id below)
{
    struct stream_future_message m;
    size_t n = 0, made = 0, looked = 0;
    bool late = false;
    while (n < BROKER_APPEND_DUE && !late && first_due(x, below, &m)) {
        if (broker_route_has_bindings(x)) {
            bring_forward_for(x, &m);
            if (!first_due(x, below, &m)) /* it moved to another ID */
                break;
        }
        bool fits = stream_id_compare(m.id, x->stream->last_id) > 0;
        made +=
            put_scheduled(x, m.id, fits ? m.id : broker_put_next_id(x->stream, broker_act_wall(x)));
        if (!fits)
            db_notify(x->db, x->key, DB_EVENT_STREAM, "xsched-moved");
        n++;
        if (made - looked >= LOOK_EVERY) {
            looked = made;
            late = clock_mono_us() >= until_us;
        }
    }
    if (n)
        db_ready(x->db, x->key);
}

void broker_append_due(const struct broker_group *x, int64_t until_us)
{
    append_due(x, until_us, STREAM_ID_MAX);
}

void broker_append_due_first(const struct broker_group *x)
{
    if (x->stream->extra && !broker_act_time_stands(x) && !broker_put_is_replay(x))
        broker_append_due(x, INT64_MAX);
}

/* Appends what is due below an ID in the destinations of a message's copies. Not nested: nothing
 * while it runs for another message. */
static void bring_forward(const struct broker_group *x, const struct bytes *pairs, size_t fields,
                          struct stream_id below)
{
    struct broker *b = x->engine->broker;
    struct broker_route r;
    if (!b || b->brings_forward || broker_act_time_stands(x))
        return;
    broker_route_plan(&r, x, pairs, fields, NULL);
    b->brings_forward = true;
    for (size_t i = 0; r.due && i < r.n; i++) {
        struct bytes key = r.copies[i].key;
        struct entry *e = r.copies[i].skipped ? NULL : db_write(x->db, key);
        if (!e || value_type(e) != TYPE_STREAM)
            continue;
        struct broker_group at = broker_put_at(x, key, value_to_change(e));
        if (!at.stream->extra)
            continue;
        append_due(&at, INT64_MAX, below);
        broker_moments_changed(&at);
    }
    b->brings_forward = false;
    broker_route_free(&r);
}

bool broker_append_plan(struct broker_route *r, const struct broker_group *x,
                        const struct bytes *pairs, size_t fields, struct buf *why)
{
    bool good = broker_route_plan(r, x, pairs, fields, why);
    if (!r->due)
        return good;
    broker_route_free(r);
    if (why)
        why->n = 0;
    bring_forward(x, pairs, fields, STREAM_ID_MAX);
    return broker_route_plan(r, x, pairs, fields, why);
}

bool broker_append_scheduled(const struct broker_group *x, struct stream_id id,
                             struct stream_id *out)
{
    const struct stream *s = x->stream;
    struct stream_future_message m;
    if (s->extra && broker_route_has_bindings(x) && stream_future_get(&s->extra->future, id, &m))
        bring_forward_for(x, &m);
    if (!s->extra || broker_put_is_exhausted(s) || !stream_future_has(&s->extra->future, id))
        return false;
    *out = broker_put_next_id(x->stream, broker_act_wall(x));
    put_scheduled(x, id, *out);
    db_ready(x->db, x->key);
    return true;
}

/* ---- Any stream */

bool broker_append_may(const struct broker_group *x, struct bytes key,
                       const struct broker_message *m)
{
    struct entry *e = db_write(x->db, key);
    if (!e)
        return true;
    if (value_type(e) != TYPE_STREAM)
        return false;
    struct stream *s = value_to_change(e);
    if (s->extra) {
        struct broker_group at = broker_put_at(x, key, s);
        struct buf why = {0};
        broker_append_due_first(&at);
        /* Appending to destinations whose messages are due may route copies back to this stream, so
         * that must be over before its limits and last ID are checked. */
        if (broker_route_has_bindings(&at))
            bring_forward(&at, m->pairs, m->fields, STREAM_ID_MAX);
        bool allowed = broker_limits_allow(&at, 1, bytes_total(m->pairs, m->fields * 2), &why);
        buf_free(&why);
        broker_moments_changed(&at);
        if (!allowed)
            return false;
    }
    return !broker_put_is_exhausted(s);
}

static struct stream_id append(const struct broker_group *x, struct bytes key,
                               const struct broker_message *m, int64_t at_ms, bool quiet)
{
    struct broker_group at = broker_put_at(x, key, broker_put_find_or_make(x, key));
    struct broker_route route = {0};
    if (broker_route_has_bindings(&at))
        broker_route_plan(&route, &at, m->pairs, m->fields, NULL);
    struct stream_id id = broker_put_next_id(at.stream, at_ms);
    broker_put_take_id(&at, id);
    broker_put(&at, id, m->pairs, m->fields, quiet);
    db_ready(x->db, key);
    if (at.stream->extra)
        broker_moments_changed(&at);
    broker_route_copy(&route, &at, id, m->pairs, m->fields, 0);
    broker_route_free(&route);
    return id;
}

struct stream_id broker_append(const struct broker_group *x, struct bytes key,
                               const struct broker_message *m)
{
    return append(x, key, m, broker_act_wall(x), false);
}

struct stream_id broker_append_as_of(const struct broker_group *x, struct bytes key,
                                     const struct broker_message *m, int64_t at_ms)
{
    return append(x, key, m, at_ms, false);
}

struct stream_id broker_append_captured(const struct broker_group *x, struct bytes key,
                                        const struct broker_message *m)
{
    return append(x, key, m, broker_act_wall(x), true);
}

struct stream_id broker_append_later(const struct broker_group *x, struct bytes key,
                                     const struct broker_message *m, int64_t at_ms)
{
    bool made = !db_write(x->db, key);
    struct broker_group at = broker_put_at(x, key, broker_put_find_or_make(x, key));
    if (made)
        broker_act_effect_made(&at);
    struct stream_id id = broker_future_next_id(at.stream, at_ms);
    broker_future_add(&at, id, m->pairs, m->fields);
    broker_moments_changed(&at);
    return id;
}
