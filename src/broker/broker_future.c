#include "broker/broker_future.h"

#include "base/mem.h"
#include "broker/broker_expire.h"

struct bytes *broker_future_pairs(const struct stream_future_message *m,
                                  struct bytes few[BROKER_FUTURE_FEW])
{
    size_t n = (size_t)m->fields * 2;
    struct bytes *pairs = n > BROKER_FUTURE_FEW ? mem_alloc(n * sizeof(*pairs)) : few;
    stream_future_pairs(m, pairs);
    return pairs;
}

void broker_future_release_pairs(struct bytes *pairs, const struct bytes few[BROKER_FUTURE_FEW])
{
    if (pairs != few)
        mem_free(pairs);
}

/* The highest sequence number of these milliseconds that is scheduled, present or was given last;
 * false: none. */
static bool last_of(const struct stream *s, uint64_t ms, uint64_t *seq)
{
    struct stream_cursor c;
    bool any = s->extra && stream_future_last_of(&s->extra->future, ms, seq);
    if (s->last_id.ms < ms)
        return any;
    if (stream_log_seek_back(&s->log, (struct stream_id){ms, UINT64_MAX}, &c)) {
        struct stream_id id = stream_log_id(&c);
        if (id.ms == ms && (!any || id.seq > *seq)) {
            *seq = id.seq;
            any = true;
        }
    }
    stream_log_end(&c);
    if (s->last_id.ms == ms && (!any || s->last_id.seq > *seq)) {
        *seq = s->last_id.seq;
        any = true;
    }
    return any;
}

struct stream_id broker_future_next_id(const struct stream *s, int64_t at_ms)
{
    uint64_t seq, ms = (uint64_t)at_ms;
    for (; last_of(s, ms, &seq); ms++)
        if (seq < UINT64_MAX)
            return (struct stream_id){ms, seq + 1};
    return (struct stream_id){ms, 0};
}

static void journal_message(const struct broker_group *x, struct stream_id id,
                            const struct bytes *pairs, size_t fields)
{
    char text[STREAM_ID_TEXT_MAX], when[NUM_INT_MAX];
    const struct bytes words[] = {BYTES("XADD"), x->key, BYTES("AT"),
                                  bytes_of(when, num_print_uint(when, id.ms)),
                                  broker_act_id(x, text, id)};
    broker_act_effect_pairs(x, BROKER_ACT_SINCE, words, 5, pairs, fields);
}

void broker_future_add(const struct broker_group *x, struct stream_id id, const struct bytes *pairs,
                       size_t fields)
{
    stream_future_add(&stream_need_extra(x->stream)->future, id, pairs, fields);
    journal_message(x, id, pairs, fields);
    db_count_changes(x->engine->store, 1);
    db_changed(x->db, x->key, DB_EVENT_STREAM, "xsched");
}

/* Moves a scheduled message to another ID, which it returns. */
static struct stream_id change_id(const struct broker_group *x, struct stream_id old, int64_t at_ms,
                                  const char *event)
{
    struct stream_future *f = &x->stream->extra->future;
    struct stream_future_message m;
    struct stream_id id = broker_future_next_id(x->stream, at_ms);
    const struct bytes words[] = {BYTES("XDEL"), x->key};
    bool found = stream_future_get(f, old, &m);
    ASSERT(found && stream_id_compare(old, id) != 0);
    struct bytes few[BROKER_FUTURE_FEW], *pairs = broker_future_pairs(&m, few);
    broker_act_effect_ids(x, words, 2, &old, 1);
    journal_message(x, id, pairs, m.fields);
    stream_future_add(f, id, pairs, m.fields);
    stream_future_remove(f, old);
    broker_future_release_pairs(pairs, few);
    broker_expire_follow(x, old, id, (int64_t)(id.ms - old.ms));
    db_count_changes(x->engine->store, 1);
    db_changed(x->db, x->key, DB_EVENT_STREAM, event);
    return id;
}

struct stream_id broker_future_move(const struct broker_group *x, struct stream_id id,
                                    int64_t at_ms)
{
    return change_id(x, id, at_ms, "xsched-move");
}

void broker_future_make_room(const struct broker_group *x, struct stream_id id)
{
    if (x->stream->extra && stream_future_has(&x->stream->extra->future, id))
        change_id(x, id, (int64_t)id.ms, "xsched-moved");
}
