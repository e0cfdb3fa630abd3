#include "survey/lists.h"

#include "base/histogram.h"
#include "base/mem.h"
#include "engine/block.h"
#include "engine/engine.h"
#include "engine/key_name.h"
#include "type/list.h"
#include "type/value.h"

#include <math.h>

#define RATE_LEAST_MS   500
#define AWAITED_AT_ONCE 16

void lists_init(struct lists *l)
{
    *l = (struct lists){0};
    slots_init(&l->records, sizeof(struct lists_record));
}

static void drop(struct lists *l, uint32_t number)
{
    struct lists_record *x = slots_at(&l->records, number);
    struct buf name = {0};
    buf_add(&name, bytes_of(&x->db, sizeof(x->db)));
    buf_add(&name, str_bytes(x->key));
    dict_remove(&l->by_name, buf_bytes(&name));
    buf_free(&name);
    heap_remove(&l->shortest, &x->by_length);
    str_unref(x->key);
    slots_give(&l->records, number);
}

void lists_forget(struct lists *l)
{
    for (uint32_t i = 1; i <= l->records.n; i++)
        if (lists_at(l, i)->slot.seen)
            drop(l, i);
    slots_clear(&l->records);
    dict_clear(&l->by_name);
    heap_free(&l->shortest);
    lists_init(l);
}

/* 0: there is no room, and the list is shorter than all known ones. */
static uint32_t make_record(struct lists *l, struct bytes name, uint64_t length, uint32_t waiting,
                            int64_t now_ms)
{
    struct heap_node *shortest = heap_first(&l->shortest);
    if (!waiting && l->shortest.n >= LISTS_MOST) {
        if (shortest->at >= (int64_t)length)
            return 0;
        const struct lists_record *x =
            (const void *)((char *)shortest - offsetof(struct lists_record, by_length));
        struct buf of = {0};
        buf_add(&of, bytes_of(&x->db, sizeof(x->db)));
        buf_add(&of, str_bytes(x->key));
        drop(l, (uint32_t)(uintptr_t)dict_get(&l->by_name, buf_bytes(&of)));
        buf_free(&of);
    }
    uint32_t number = slots_take(&l->records);
    struct lists_record *x = slots_at(&l->records, number);
    x->key = str_new(key_name_key(name));
    x->db = key_name_db(name);
    x->rated_length = length;
    x->rated_ms = now_ms;
    dict_ensure(&l->by_name, name)->value = (void *)(uintptr_t)number;
    return number;
}

static void note(struct lists *l, const struct engine *e, struct bytes name, uint64_t length,
                 size_t bytes, uint32_t waiting, const char *encoding, uint32_t walk)
{
    uint32_t number = (uint32_t)(uintptr_t)dict_get(&l->by_name, name);
    if (!number)
        number = make_record(l, name, length, waiting, e->steady_ms);
    if (!number)
        return;
    struct lists_record *x = slots_at(&l->records, number);
    int64_t ms = e->steady_ms - x->rated_ms;
    if (ms >= RATE_LEAST_MS) {
        x->change_rate = ((double)length - (double)x->rated_length) * 1000 / (double)ms;
        x->rated_length = length;
        x->rated_ms = e->steady_ms;
    }
    x->slot.seen = walk;
    x->length = length;
    x->bytes = bytes;
    x->waiting = waiting;
    x->encoding = encoding;
    heap_remove(&l->shortest, &x->by_length);
    if (!waiting)
        heap_insert(&l->shortest, &x->by_length, (int64_t)length);
}

void lists_take(struct lists *l, const struct engine *e, const struct db *db,
                const struct entry *entry, size_t bytes, uint32_t walk)
{
    const struct list *list = value_object(entry);
    struct bytes key = entry_key(entry);
    struct buf name = {0};
    size_t waiting = e->store->waited ? block_waiting_on(e, db, key, TYPE_LIST) : 0;
    note(l, e, key_name(&name, db, key), list->count, bytes, (uint32_t)waiting,
         value_encoding(entry), walk);
    buf_free(&name);
}

bool lists_take_awaited(struct lists *l, struct engine *e, uint32_t walk)
{
    const struct dict_node *n = NULL;
    for (int i = 0;
         (i < AWAITED_AT_ONCE || l->wait.next) && (n = dict_next(&e->blocking.keys, &l->wait));
         i++) {
        struct db *db = &e->store->dbs[key_name_db(dict_key(n))];
        struct bytes key = key_name_key(dict_key(n));
        size_t waiting = block_waiting_on(e, db, key, TYPE_LIST);
        const struct entry *entry = db_find_past(db, key);
        bool is_list = entry && value_type(entry) == TYPE_LIST && !db_is_due(e->store, entry);
        if (waiting && is_list)
            lists_take(l, e, db, entry, value_memory(entry, 1), walk);
        else if (waiting)
            note(l, e, dict_key(n), 0, 0, (uint32_t)waiting, "", walk);
    }
    if (!n)
        l->wait = (struct dict_walk){0};
    return n != NULL;
}

void lists_sweep(struct lists *l, uint32_t number, uint32_t walk)
{
    const struct lists_record *x = lists_at(l, number);
    if (x->slot.seen && x->slot.seen != walk)
        drop(l, number);
}

/* From the longest on, as many classes of length as have room. *n: how many are listed. */
static double least_of(const uint64_t *counts, uint64_t *n, uint64_t most)
{
    unsigned class = HISTOGRAM_CLASSES;
    while (class && *n + counts[class - 1] <= most)
        *n += counts[--class];
    return class ? histogram_end(class - 1) : 0;
}

void lists_choose(struct lists *l, uint64_t most)
{
    uint64_t awaited[HISTOGRAM_CLASSES] = {0}, others[HISTOGRAM_CLASSES] = {0}, n = 0;
    for (uint32_t i = 1; i <= l->records.n; i++) {
        const struct lists_record *x = lists_at(l, i);
        if (x->slot.seen)
            (x->waiting ? awaited : others)[histogram_class(x->length)]++;
    }
    l->least_awaited = least_of(awaited, &n, most);
    l->least = l->least_awaited > 0 ? HUGE_VAL : least_of(others, &n, most);
}

size_t lists_memory(const struct lists *l)
{
    size_t bytes = slots_memory(&l->records) + dict_memory(&l->by_name) +
                   l->shortest.cap * sizeof(*l->shortest.items);
    for (uint32_t i = 1; i <= l->records.n; i++)
        bytes += lists_at(l, i)->slot.seen ? mem_block_size(lists_at(l, i)->key) : 0;
    return bytes;
}
