/* One XCLAIM per run of entries with equal owner, time and count: a read of 100 entries is
 * journalled as one command. FORCE makes entries pending that were not, LASTID advances the
 * position, and JUSTID keeps the unread reply short. */
#include "broker/broker_claims.h"

#include "base/mem.h"
#include "base/num.h"

void broker_claims_end(struct broker_claims *c)
{
    const struct broker_group *x = c->at;
    size_t n = c->ids.n / sizeof(struct stream_id);
    if (n == 0)
        return;
    const struct stream_id *ids = (const void *)c->ids.p;
    struct bytes *argv = mem_alloc((n + 13) * sizeof(*argv));
    char *texts = mem_alloc((n + 3) * STREAM_ID_TEXT_MAX), *to = texts;
    int argc = 0;
    argv[argc++] = BYTES("XCLAIM");
    argv[argc++] = x->key;
    argv[argc++] = str_bytes(x->group->name);
    argv[argc++] = c->consumer;
    argv[argc++] = BYTES("0");
    for (size_t i = 0; i < n; i++, to += STREAM_ID_TEXT_MAX)
        argv[argc++] = broker_act_id(x, to, ids[i]);
    argv[argc++] = BYTES("TIME");
    argv[argc++] = bytes_of(to, num_print_int(to, c->time_ms));
    to += STREAM_ID_TEXT_MAX;
    argv[argc++] = BYTES("RETRYCOUNT");
    argv[argc++] = bytes_of(to, num_print_uint(to, c->count));
    to += STREAM_ID_TEXT_MAX;
    argv[argc++] = BYTES("FORCE");
    argv[argc++] = BYTES("JUSTID");
    argv[argc++] = BYTES("LASTID");
    argv[argc++] = broker_act_id(x, to, x->group->last_id);
    broker_act_effect(x, NULL, argv, argc);
    mem_free(argv);
    mem_free(texts);
    buf_free(&c->ids);
}

void broker_claims_add(struct broker_claims *c, struct stream_id id, int64_t time_ms,
                       uint64_t count)
{
    if (!broker_act_is_journalled(c->at))
        return;
    if (c->ids.n && (time_ms != c->time_ms || count != c->count))
        broker_claims_end(c);
    c->time_ms = time_ms;
    c->count = count;
    buf_add(&c->ids, bytes_of(&id, sizeof(id)));
}

void broker_claims_position(const struct broker_group *x)
{
    char id[STREAM_ID_TEXT_MAX], read[NUM_INT_MAX];
    if (!broker_act_is_journalled(x))
        return;
    const struct bytes argv[] = {BYTES("XGROUP"),
                                 BYTES("SETID"),
                                 x->key,
                                 str_bytes(x->group->name),
                                 broker_act_id(x, id, x->group->last_id),
                                 BYTES("ENTRIESREAD"),
                                 bytes_of(read, num_print_int(read, x->group->entries_read))};
    broker_act_effect(x, NULL, argv, 7);
}

struct stream_consumer *broker_claims_consumer(const struct broker_group *x, struct bytes name)
{
    struct stream_consumer *c = stream_group_consumer(x->group, name);
    if (c)
        return c;
    c = stream_group_add_consumer(x->group, name, broker_act_stamp(x));
    const struct bytes argv[] = {BYTES("XGROUP"), BYTES("CREATECONSUMER"), x->key,
                                 str_bytes(x->group->name), name};
    broker_act_effect(x, NULL, argv, 5);
    broker_act_changed(x, 1);
    db_notify(x->db, x->key, DB_EVENT_STREAM, "xgroup-createconsumer");
    return c;
}

void broker_claims_drop(const struct broker_group *x, struct stream_id id)
{
    char text[STREAM_ID_TEXT_MAX];
    stream_group_ack(x->group, id);
    const struct bytes argv[] = {BYTES("XACK"), x->key, str_bytes(x->group->name),
                                 broker_act_id(x, text, id)};
    broker_act_effect(x, NULL, argv, 4);
    broker_act_changed(x, 1);
}
