#include "broker/broker_append.h"

#include "base/mem.h"

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

bool broker_append_may(const struct broker_group *x, struct bytes key)
{
    struct stream_id id;
    struct entry *e = db_write(x->db, key);
    if (!e)
        return true;
    return value_type(e) == TYPE_STREAM &&
           stream_next_id(value_object(e), (uint64_t)x->engine->store->now_ms, &id);
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

void broker_append(const struct broker_group *x, struct bytes key, const struct broker_message *m)
{
    const struct settings *c = x->engine->settings;
    struct stream_log_policy how = {.node_entries = (uint64_t)c->stream_node_max_entries,
                                    .node_bytes = (uint64_t)c->stream_node_max_bytes,
                                    .raw_blocks = (size_t)c->stream_compress_depth};
    struct stream *s = find_or_make(x, key);
    struct stream_id id;
    char text[STREAM_ID_TEXT_MAX];
    bool left = stream_next_id(s, (uint64_t)x->engine->store->now_ms, &id);
    ASSERT(left);
    stream_append(s, id, m->pairs, m->fields, &how);
    struct bytes *argv = mem_alloc((m->fields * 2 + 3) * sizeof(*argv));
    argv[0] = BYTES("XADD");
    argv[1] = key;
    argv[2] = broker_act_id(x, text, id);
    memcpy(argv + 3, m->pairs, m->fields * 2 * sizeof(*argv));
    broker_act_effect(x, NULL, argv, (int)m->fields * 2 + 3);
    mem_free(argv);
    db_count_changes(x->engine->store, 1);
    db_changed(x->db, key, DB_EVENT_STREAM, "xadd");
    db_ready(x->db, key);
}
