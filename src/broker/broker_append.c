/* A scheduled message lies in the stream's future under the ID that it will have. On its way it is
 *
 *   appended under that ID          the usual case: effect XADD, from which a replay knows that it
 *                                   is scheduled no more
 *   appended under the next ID      its own is not above the last one any more, or XSCHED RUN wants
 *                                   it now: effects XDEL of the old ID and XADD
 *   moved to the next sequence      of its moment: another message takes its ID (broker_future.h)
 *
 * While one of them is appended its names and values are read from the future, so it leaves that
 * last. A stream that has given its last ID appends nothing: what is scheduled there stays. */
#include "broker/broker_append.h"

#include "base/clock.h"
#include "base/mem.h"
#include "broker/broker_expire.h"
#include "broker/broker_future.h"
#include "broker/broker_limits.h"
#include "broker/broker_moments.h"

#define LOOK_EVERY 16 /* messages, then at the clock */

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

/* ---- One message */

static struct stream_log_policy log_policy(const struct broker_group *x)
{
    const struct settings *c = x->engine->settings;
    return (struct stream_log_policy){.node_entries = (uint64_t)c->stream_node_max_entries,
                                      .node_bytes = (uint64_t)c->stream_node_max_bytes,
                                      .raw_blocks = (size_t)c->stream_compress_depth};
}

static void tell(const struct broker_group *x, struct stream_id id, const struct bytes *pairs,
                 size_t fields, const struct broker_limits_trim *t)
{
    char text[STREAM_ID_TEXT_MAX];
    struct bytes few[64], *argv = few;
    int argc = 0;
    if (!broker_act_is_told(x))
        return;
    if (fields * 2 + 6 > 64)
        argv = mem_alloc((fields * 2 + 6) * sizeof(*argv));
    argv[argc++] = BYTES("XADD");
    argv[argc++] = x->key;
    for (int i = 0; i < t->words_n; i++)
        argv[argc++] = t->words[i];
    argv[argc++] = broker_act_id(x, text, id);
    memcpy(argv + argc, pairs, fields * 2 * sizeof(*argv));
    broker_act_effect(x, NULL, argv, argc + (int)fields * 2);
    if (argv != few)
        mem_free(argv);
}

/* Under an ID that is above the last one and that no other message is scheduled under. */
static void put(const struct broker_group *x, struct stream_id id, const struct bytes *pairs,
                size_t fields)
{
    struct stream_log_policy how = log_policy(x);
    struct broker_limits_trim t = {0};
    stream_append(x->stream, id, pairs, fields, &how);
    if (x->stream->extra)
        broker_limits_trim(x, false, &t);
    tell(x, id, pairs, fields, &t);
    if (x->stream->extra)
        broker_limits_trim_apart(x, &t);
    db_count_changes(x->engine->store, 1);
    db_changed(x->db, x->key, DB_EVENT_STREAM, "xadd");
    if (t.trimmed)
        db_notify(x->db, x->key, DB_EVENT_STREAM, "xtrim");
}

/* ---- Scheduled messages */

static struct stream_id next_id(const struct broker_group *x, int64_t now_ms)
{
    struct stream_id id;
    bool left = stream_next_id(x->stream, (uint64_t)now_ms, &id);
    ASSERT(left);
    return id;
}

static bool is_exhausted(const struct stream *s)
{
    return stream_id_compare(s->last_id, STREAM_ID_MAX) == 0;
}

/* The scheduled message is appended, and no longer scheduled. */
static void put_scheduled(const struct broker_group *x, struct stream_id old, struct stream_id id)
{
    struct stream_future *f = &x->stream->extra->future;
    struct stream_future_message m;
    struct bytes few[64], *pairs = few;
    bool moved = stream_id_compare(old, id) != 0;
    if (moved) {
        const struct bytes words[] = {BYTES("XDEL"), x->key};
        broker_future_make_room(x, id);
        broker_act_effect_ids(x, words, 2, &old, 1);
    }
    bool found = stream_future_get(f, old, &m);
    ASSERT(found);
    if (m.fields * 2 > 64)
        pairs = mem_alloc((size_t)m.fields * 2 * sizeof(*pairs));
    stream_future_pairs(&m, pairs);
    put(x, id, pairs, m.fields);
    stream_future_remove(f, old);
    if (moved)
        broker_expire_follow(x, old, id, 0);
    if (pairs != few)
        mem_free(pairs);
    if (x->engine->broker)
        x->engine->broker->totals.appended_scheduled++;
}

static bool first_due(const struct broker_group *x, struct stream_future_message *m)
{
    const struct stream_future *f = &x->stream->extra->future;
    return stream_future_count(f) && !is_exhausted(x->stream) && stream_future_first(f, m) &&
           m->id.ms <= (uint64_t)broker_act_wall(x);
}

void broker_append_due(const struct broker_group *x, int64_t until_us)
{
    struct stream_future_message m;
    int n = 0;
    while (n < BROKER_APPEND_DUE && first_due(x, &m)) {
        bool fits = stream_id_compare(m.id, x->stream->last_id) > 0;
        put_scheduled(x, m.id, fits ? m.id : next_id(x, broker_act_wall(x)));
        if (!fits)
            db_notify(x->db, x->key, DB_EVENT_STREAM, "xsched-moved");
        if (++n % LOOK_EVERY == 0 && clock_mono_us() >= until_us)
            break;
    }
    if (n)
        db_ready(x->db, x->key);
}

static bool is_replay(const struct broker_group *x)
{
    return x->call && call_is_replay(x->call);
}

void broker_append_due_first(const struct broker_group *x)
{
    if (x->stream->extra && !broker_act_time_stands(x) && !is_replay(x))
        broker_append_due(x, INT64_MAX);
}

void broker_append_take_id(const struct broker_group *x, struct stream_id id)
{
    if (!x->stream->extra)
        return;
    if (is_replay(x))
        stream_future_remove(&x->stream->extra->future, id);
    else
        broker_future_make_room(x, id);
}

bool broker_append_scheduled(const struct broker_group *x, struct stream_id id,
                             struct stream_id *out)
{
    const struct stream *s = x->stream;
    if (!s->extra || is_exhausted(s) || !stream_future_has(&s->extra->future, id))
        return false;
    *out = next_id(x, broker_act_wall(x));
    put_scheduled(x, id, *out);
    db_ready(x->db, x->key);
    return true;
}

/* ---- Any stream */

static uint64_t size_of(const struct broker_message *m)
{
    uint64_t n = 0;
    for (size_t i = 0; i < m->fields * 2; i++)
        n += m->pairs[i].n;
    return n;
}

static struct broker_group at_key(const struct broker_group *x, struct bytes key, struct stream *s)
{
    return (struct broker_group){
        .engine = x->engine, .db = x->db, .call = x->call, .key = key, .stream = s};
}

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
        struct broker_group at = at_key(x, key, s);
        struct buf why = {0};
        broker_append_due_first(&at);
        bool allowed = broker_limits_allow(&at, 1, size_of(m), &why);
        buf_free(&why);
        broker_moments_changed(&at);
        if (!allowed)
            return false;
    }
    return !is_exhausted(s);
}

static struct stream *find_or_make(const struct broker_group *x, struct bytes key)
{
    const struct settings *c = x->engine->settings;
    struct entry *e = db_write(x->db, key);
    if (e)
        return value_to_change(e);
    struct stream *s = stream_new(x->engine->store->streams, c->stream_idmp_duration,
                                  (uint64_t)c->stream_idmp_maxsize);
    db_add(x->db, entry_new_word(key, VALUE_STREAM, (uintptr_t)s));
    return s;
}

struct stream_id broker_append(const struct broker_group *x, struct bytes key,
                               const struct broker_message *m)
{
    return broker_append_as_of(x, key, m, broker_act_wall(x));
}

struct stream_id broker_append_as_of(const struct broker_group *x, struct bytes key,
                                     const struct broker_message *m, int64_t at_ms)
{
    struct broker_group at = at_key(x, key, find_or_make(x, key));
    struct stream_id id = next_id(&at, at_ms);
    broker_append_take_id(&at, id);
    put(&at, id, m->pairs, m->fields);
    db_ready(x->db, key);
    if (at.stream->extra)
        broker_moments_changed(&at);
    return id;
}

struct stream_id broker_append_later(const struct broker_group *x, struct bytes key,
                                     const struct broker_message *m, int64_t at_ms)
{
    struct broker_group at = at_key(x, key, find_or_make(x, key));
    struct stream_id id = broker_future_next_id(at.stream, at_ms);
    broker_future_add(&at, id, m->pairs, m->fields);
    broker_moments_changed(&at);
    return id;
}
