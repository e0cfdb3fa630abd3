#include "broker/broker_act.h"

#include "base/mem.h"

void broker_act_effect(const struct broker_group *x, const char *since, const struct bytes *argv,
                       int argc)
{
    if (x->call)
        call_effect_since(x->call, since, argv, argc);
    else
        act_effect_since(x->engine, x->db, since, argv, argc);
}

struct bytes broker_act_id(const struct broker_group *x, char *to, struct stream_id id)
{
    return bytes_of(to, stream_id_print_near(&x->engine->store->streams->printed, to, id));
}

void broker_act_effect_ids(const struct broker_group *x, const struct bytes *words, int words_n,
                           const struct stream_id *ids, size_t n)
{
    if (x->call)
        call_no_effect(x->call);
    if (n == 0 || !x->engine->journal->on)
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

void broker_act_changed(const struct broker_group *x, uint64_t n)
{
    db_count_changes(x->engine->store, n);
    db_changed_quietly(x->db, x->key);
}
