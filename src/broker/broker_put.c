#include "broker/broker_put.h"

#include "broker/broker_due.h"
#include "broker/broker_future.h"
#include "broker/broker_limits.h"

struct broker_group broker_put_at(const struct broker_group *x, struct bytes key, struct stream *s)
{
    return (struct broker_group){
        .engine = x->engine, .db = x->db, .call = x->call, .key = key, .stream = s};
}

struct stream *broker_put_find_or_make(const struct broker_group *x, struct bytes key)
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

bool broker_put_is_exhausted(const struct stream *s)
{
    return stream_id_compare(s->last_id, STREAM_ID_MAX) == 0;
}

struct stream_id broker_put_next_id(const struct stream *s, int64_t now_ms)
{
    struct stream_id id;
    bool left = stream_next_id(s, (uint64_t)now_ms, &id);
    ASSERT(left);
    return id;
}

void broker_put_take_id(const struct broker_group *x, struct stream_id id)
{
    if (!x->stream->extra)
        return;
    if (broker_put_is_replay(x))
        stream_future_remove(&x->stream->extra->future, id);
    else
        broker_future_make_room(x, id);
}

static void journal_append(const struct broker_group *x, struct stream_id id,
                           const struct bytes *pairs, size_t fields,
                           const struct broker_limits_trim *t)
{
    char text[STREAM_ID_TEXT_MAX];
    struct bytes words[6];
    int n = 0;
    words[n++] = BYTES("XADD");
    words[n++] = x->key;
    for (int i = 0; i < t->words_n; i++)
        words[n++] = t->words[i];
    words[n++] = broker_act_id(x, text, id);
    broker_act_effect_pairs(x, NULL, words, n, pairs, fields);
}

void broker_put(const struct broker_group *x, struct stream_id id, const struct bytes *pairs,
                size_t fields, bool quiet)
{
    const struct settings *c = x->engine->settings;
    const struct broker *b = x->engine->broker;
    struct stream_log_policy how = {.node_entries = (uint64_t)c->stream_node_max_entries,
                                    .node_bytes = (uint64_t)c->stream_node_max_bytes,
                                    .raw_blocks = (size_t)c->stream_compress_depth};
    struct broker_limits_trim t = {0};
    bool trims = x->stream->extra && !(b && b->held == x->stream);
    stream_append(x->stream, id, pairs, fields, &how);
    if (trims)
        broker_limits_trim(x, false, &t);
    journal_append(x, id, pairs, fields, &t);
    if (trims)
        broker_limits_trim_apart(x, &t);
    db_count_changes(x->engine->store, 1);
    db_changed(x->db, x->key, DB_EVENT_STREAM, quiet ? NULL : "xadd");
    if (t.trimmed && !quiet)
        db_notify(x->db, x->key, DB_EVENT_STREAM, "xtrim");
}
