/* One XCLAIM per run of entries with the same owner, time and count: a read of 100 entries is
 * journalled as one command. FORCE makes pending what is not yet, LASTID moves the position along,
 * and JUSTID spares the reply, which nobody reads. */
#include "commands/stream/stream_effects.h"

#include "base/mem.h"
#include "base/num.h"
#include "commands/stream/stream_args.h"

void stream_effects_claims_end(struct stream_effects_claims *c)
{
    size_t n = c->ids.n / sizeof(struct stream_id);
    if (n == 0)
        return;
    const struct stream_id *ids = (const void *)c->ids.p;
    struct bytes *argv = mem_alloc((n + 13) * sizeof(*argv));
    char *texts = mem_alloc((n + 3) * STREAM_ID_TEXT_MAX), *to = texts;
    int argc = 0;
    argv[argc++] = BYTES("XCLAIM");
    argv[argc++] = c->key;
    argv[argc++] = c->group;
    argv[argc++] = c->consumer;
    argv[argc++] = BYTES("0");
    for (size_t i = 0; i < n; i++, to += STREAM_ID_TEXT_MAX)
        argv[argc++] = stream_args_id_text(c->call, to, ids[i]);
    argv[argc++] = BYTES("TIME");
    argv[argc++] = bytes_of(to, num_print_int(to, c->time_ms));
    to += STREAM_ID_TEXT_MAX;
    argv[argc++] = BYTES("RETRYCOUNT");
    argv[argc++] = bytes_of(to, num_print_uint(to, c->count));
    to += STREAM_ID_TEXT_MAX;
    argv[argc++] = BYTES("FORCE");
    argv[argc++] = BYTES("JUSTID");
    argv[argc++] = BYTES("LASTID");
    argv[argc++] = stream_args_id_text(c->call, to, c->last_id);
    call_effect(c->call, argv, argc);
    mem_free(argv);
    mem_free(texts);
    buf_free(&c->ids);
}

void stream_effects_claim(struct stream_effects_claims *c, struct stream_id id, int64_t time_ms,
                          uint64_t count)
{
    call_no_effect(c->call);
    if (!c->call->engine->journal->on)
        return;
    if (c->ids.n && (time_ms != c->time_ms || count != c->count))
        stream_effects_claims_end(c);
    c->time_ms = time_ms;
    c->count = count;
    buf_add(&c->ids, bytes_of(&id, sizeof(id)));
}

void stream_effects_setid(struct call *call, struct bytes key, const struct stream_group *g)
{
    char id[STREAM_ID_TEXT_MAX], read[NUM_INT_MAX];
    call_no_effect(call);
    if (!call->engine->journal->on)
        return;
    CALL_EFFECT(call, BYTES("XGROUP"), BYTES("SETID"), key, str_bytes(g->name),
                stream_args_id_text(call, id, g->last_id), BYTES("ENTRIESREAD"),
                bytes_of(read, num_print_int(read, g->entries_read)));
}

struct stream_consumer *stream_effects_need_consumer(struct call *call, struct bytes key,
                                                     struct stream_group *g, struct bytes name)
{
    struct stream_consumer *c = stream_group_consumer(g, name);
    if (c)
        return c;
    c = stream_group_add_consumer(g, name, stream_args_now(call, g));
    CALL_EFFECT(call, BYTES("XGROUP"), BYTES("CREATECONSUMER"), key, str_bytes(g->name), name);
    db_count_changes(call->store, 1);
    db_changed_quietly(call->db, key);
    db_notify(call->db, key, DB_EVENT_STREAM, "xgroup-createconsumer");
    return c;
}

void stream_effects_drop_reference(struct call *call, struct stream_group *g, struct stream_id id)
{
    char text[STREAM_ID_TEXT_MAX];
    stream_group_ack(g, id);
    CALL_EFFECT(call, BYTES("XACK"), call->argv[1], call->argv[2],
                stream_args_id_text(call, text, id));
    db_count_changes(call->store, 1);
    db_changed_quietly(call->db, call->argv[1]);
}
