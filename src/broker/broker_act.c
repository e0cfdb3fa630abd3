#include "broker/broker_act.h"

#include "base/mem.h"

void broker_act_begin(const struct broker_group *x)
{
    bool may = act_begin(x->engine);
    ASSERT(may);
    db_write_notouch(x->db, x->key); /* for this group's changes as well (store/changes.h) */
}

bool broker_act_is_journalled(const struct broker_group *x)
{
    if (x->call)
        call_no_effect(x->call);
    return x->engine->journal->on;
}

void broker_act_effect(const struct broker_group *x, const char *since, const struct bytes *argv,
                       int argc)
{
    if (x->call)
        call_effect_since(x->call, since, argv, argc);
    else
        act_effect_since(x->engine, x->db, since, argv, argc);
}

void broker_act_effect_made(const struct broker_group *x)
{
    const struct bytes name = BYTES("millrace-made");
    const struct bytes create[] = {BYTES("XGROUP"), BYTES("CREATE"),  x->key, name,
                                   BYTES("0"),      BYTES("MKSTREAM")},
                       destroy[] = {BYTES("XGROUP"), BYTES("DESTROY"), x->key, name};
    broker_act_effect(x, NULL, create, 6);
    broker_act_effect(x, NULL, destroy, 4);
}

struct bytes broker_act_id(const struct broker_group *x, char *to, struct stream_id id)
{
    return bytes_of(to, stream_id_print_near(&x->engine->store->streams->printed, to, id));
}

void broker_act_effect_ids(const struct broker_group *x, const struct bytes *words, int words_n,
                           const struct stream_id *ids, size_t n)
{
    if (!broker_act_is_journalled(x) || n == 0)
        return;
    struct bytes *argv = mem_alloc(((size_t)words_n + n) * sizeof(*argv));
    char *texts = mem_alloc(n * STREAM_ID_TEXT_MAX);
    memcpy(argv, words, (size_t)words_n * sizeof(*argv));
    for (size_t i = 0; i < n; i++)
        argv[(size_t)words_n + i] = broker_act_id(x, texts + i * STREAM_ID_TEXT_MAX, ids[i]);
    broker_act_effect(x, NULL, argv, words_n + (int)n);
    mem_free(argv);
    mem_free(texts);
}

void broker_act_effect_pairs(const struct broker_group *x, const char *since,
                             const struct bytes *words, int words_n, const struct bytes *pairs,
                             size_t fields)
{
    struct bytes few[64], *argv = few;
    size_t n = (size_t)words_n + fields * 2;
    if (!broker_act_is_journalled(x))
        return;
    if (n > 64)
        argv = mem_alloc(n * sizeof(*argv));
    memcpy(argv, words, (size_t)words_n * sizeof(*argv));
    memcpy(argv + words_n, pairs, fields * 2 * sizeof(*argv));
    broker_act_effect(x, since, argv, (int)n);
    if (argv != few)
        mem_free(argv);
}

void broker_act_effect_nack(const struct broker_group *x, const struct broker_act_nack *nack)
{
    if (nack->n == 0 || !broker_act_is_journalled(x))
        return;
    struct bytes *argv = mem_alloc((nack->n + 13) * sizeof(*argv));
    char *texts = mem_alloc(nack->n * STREAM_ID_TEXT_MAX);
    char number[NUM_INT_MAX], when[NUM_INT_MAX], many[NUM_INT_MAX];
    int argc = 0;
    argv[argc++] = BYTES("XNACK");
    argv[argc++] = x->key;
    argv[argc++] = str_bytes(x->group->name);
    argv[argc++] = BYTES("FAIL");
    argv[argc++] = BYTES("IDS");
    argv[argc++] = bytes_of(many, num_print_uint(many, nack->n));
    for (size_t i = 0; i < nack->n; i++)
        argv[argc++] = broker_act_id(x, texts + i * STREAM_ID_TEXT_MAX, nack->ids[i]);
    if (nack->due_ms) {
        argv[argc++] = BYTES("AT");
        argv[argc++] = bytes_of(when, num_print_int(when, nack->due_ms));
    }
    if (nack->reason.n) {
        argv[argc++] = BYTES("REASON");
        argv[argc++] = nack->reason;
    }
    argv[argc++] = BYTES("RETRYCOUNT");
    argv[argc++] = bytes_of(number, num_print_uint(number, nack->count));
    if (nack->force)
        argv[argc++] = BYTES("FORCE");
    broker_act_effect(x, nack->due_ms || nack->reason.n ? BROKER_ACT_SINCE : "8.8.0", argv, argc);
    mem_free(argv);
    mem_free(texts);
}

void broker_act_changed(const struct broker_group *x, uint64_t n)
{
    db_count_changes(x->engine->store, n);
    db_changed_quietly(x->db, x->key);
}
