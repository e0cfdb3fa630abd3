/* A schedule without moments left is in the heap at the time it ended, so that the broker finds and
 * removes it. One whose zone is unknown on this machine has no moments either, but stays: the next
 * start may know it. */
#include "type/stream/stream_schedules.h"

#include "base/assert.h"
#include "base/mem.h"
#include "ds/dlist.h"

#include <stdlib.h>

/* Updates the heap after a change. */
static void arrange(struct stream_schedules *s, struct stream_schedule *x)
{
    heap_remove(&s->due, &x->due);
    if (stream_schedule_is_timed(x))
        heap_insert(&s->due, &x->due, stream_schedule_due_ms(x));
}

struct stream_schedule *stream_schedules_set(struct stream_schedules *s, struct bytes name,
                                             const struct stream_schedule_rules *rules)
{
    struct dict_node *node = dict_ensure(&s->by_name, name);
    if (!node->value)
        node->value = stream_schedule_new(name);
    stream_schedule_set_rules(node->value, rules);
    arrange(s, node->value);
    return node->value;
}

void stream_schedules_remove(struct stream_schedules *s, struct stream_schedule *x)
{
    heap_remove(&s->due, &x->due);
    void *removed = dict_remove(&s->by_name, str_bytes(x->name));
    ASSERT(removed == x);
    stream_schedule_free(x);
}

void stream_schedules_free(struct stream_schedules *s)
{
    struct dict_walk w = {0};
    for (struct dict_node *n; (n = dict_next(&s->by_name, &w));)
        stream_schedule_free(n->value);
    dict_clear(&s->by_name);
    heap_free(&s->due);
}

struct stream_schedule *stream_schedules_find(const struct stream_schedules *s, struct bytes name)
{
    return dict_get(&s->by_name, name);
}

void stream_schedules_mark(struct stream_schedules *s, struct stream_schedule *x, int64_t last_ms,
                           uint64_t fired)
{
    stream_schedule_mark(x, last_ms, fired);
    arrange(s, x);
}

void stream_schedules_pass(struct stream_schedules *s, struct stream_schedule *x, int64_t until_ms)
{
    stream_schedule_pass(x, until_ms);
    arrange(s, x);
}

struct stream_schedule *stream_schedules_first(const struct stream_schedules *s)
{
    struct heap_node *first = heap_first(&s->due);
    return first ? dlist_item(first, struct stream_schedule, due) : NULL;
}

int64_t stream_schedules_due_ms(const struct stream_schedules *s)
{
    const struct heap_node *first = heap_first(&s->due);
    if (!first)
        return INT64_MAX;
    return first->at > s->not_before_ms ? first->at : s->not_before_ms;
}

static int by_name(const void *a, const void *b)
{
    return bytes_compare(str_bytes((*(struct stream_schedule *const *)a)->name),
                         str_bytes((*(struct stream_schedule *const *)b)->name));
}

struct stream_schedule **stream_schedules_sorted(const struct stream_schedules *s, size_t *n)
{
    struct stream_schedule **all = mem_alloc((s->by_name.used + 1) * sizeof(*all));
    struct dict_walk w = {0};
    *n = 0;
    for (struct dict_node *node; (node = dict_next(&s->by_name, &w));)
        all[(*n)++] = node->value;
    if (*n)
        qsort(all, *n, sizeof(*all), by_name);
    return all;
}

size_t stream_schedules_memory(const struct stream_schedules *s)
{
    size_t n = dict_memory(&s->by_name) + s->due.cap * sizeof(*s->due.items);
    struct dict_walk w = {0};
    for (struct dict_node *node; (node = dict_next(&s->by_name, &w));)
        n += stream_schedule_memory(node->value);
    return n;
}

static bool is_in_place(const struct stream_schedule *x)
{
    return stream_schedule_is_timed(x) ? x->due.place && x->due.at == stream_schedule_due_ms(x)
                                       : !x->due.place;
}

bool stream_schedules_is_sound(const struct stream_schedules *s)
{
    struct dict_walk w = {0};
    size_t timed = 0;
    for (struct dict_node *node; (node = dict_next(&s->by_name, &w));) {
        const struct stream_schedule *x = node->value;
        timed += stream_schedule_is_timed(x);
        if (!stream_schedule_is_sound(x) || !is_in_place(x) ||
            !bytes_equal(str_bytes(x->name), dict_key(node)))
            return false;
    }
    return timed == s->due.n && heap_is_sound(&s->due) && dict_is_sound(&s->by_name);
}
