#include "type/hash_deadlines.h"

#include "base/assert.h"
#include "base/mem.h"

#define SHRINKS_FROM 32u /* capacity; smaller heaps keep theirs */

/* Places count from 1, so the children of i are 2i and 2i+1. */
static int64_t deadline_at(const struct hash_deadlines *d, size_t i)
{
    return entry_deadline_ms(d->items[i - 1]);
}

static void place(struct hash_deadlines *d, size_t i, struct entry *e)
{
    d->items[i - 1] = e;
    hash_entry_put_place(e, (uint32_t)i);
}

/* Inserts e by moving the free place i up or down. */
static void sift(struct hash_deadlines *d, size_t i, struct entry *e)
{
    int64_t at = entry_deadline_ms(e);
    for (; i > 1 && (d->compared++, deadline_at(d, i / 2) > at); i /= 2)
        place(d, i, d->items[i / 2 - 1]);
    for (size_t child; (child = i * 2) <= d->n; i = child) {
        d->compared += 2;
        if (child < d->n && deadline_at(d, child + 1) < deadline_at(d, child))
            child++;
        if (deadline_at(d, child) >= at)
            break;
        place(d, i, d->items[child - 1]);
    }
    place(d, i, e);
}

/* Grows by an eighth, and by what the allocator rounds up anyway: doubling would cost up to 8 more
 * bytes a field. */
static void resize(struct hash_deadlines *d)
{
    size_t n = (size_t)d->n + d->n / 8 + 4;
    size_t cap = mem_class_size(n * sizeof(*d->items)) / sizeof(*d->items);
    d->cap = cap < UINT32_MAX ? (uint32_t)cap : UINT32_MAX;
    d->items = mem_realloc(d->items, d->cap * sizeof(*d->items));
}

void hash_deadlines_put(struct hash_deadlines *d, uint32_t at, struct entry *e)
{
    ASSERT(e->has_ttl && at <= d->n);
    if (!at) {
        ASSERT(d->n < UINT32_MAX);
        if (d->n == d->cap)
            resize(d);
        at = ++d->n;
    }
    sift(d, at, e);
}

void hash_deadlines_remove(struct hash_deadlines *d, uint32_t at)
{
    ASSERT(at && at <= d->n);
    struct entry *last = d->items[--d->n];
    /* The last entry fills the gap, and moves up or down from there. */
    if (at <= d->n)
        sift(d, at, last);
    if (d->n == 0)
        hash_deadlines_free(d);
    else if (d->cap > SHRINKS_FROM && d->n < d->cap - d->cap / 3)
        resize(d);
}

void hash_deadlines_free(struct hash_deadlines *d)
{
    mem_free(d->items);
    *d = (struct hash_deadlines){.compared = d->compared};
}

static size_t due_from(const struct hash_deadlines *d, size_t i, int64_t now_ms)
{
    if (i > d->n || deadline_at(d, i) > now_ms)
        return 0;
    return 1 + due_from(d, i * 2, now_ms) + due_from(d, i * 2 + 1, now_ms);
}

size_t hash_deadlines_due(const struct hash_deadlines *d, int64_t now_ms)
{
    return due_from(d, 1, now_ms);
}

size_t hash_deadlines_memory(const struct hash_deadlines *d)
{
    return mem_block_size(d->items);
}

bool hash_deadlines_is_sound(const struct hash_deadlines *d)
{
    for (size_t i = 1; i <= d->n; i++)
        if (hash_entry_place(d->items[i - 1]) != i ||
            (i > 1 && deadline_at(d, i / 2) > deadline_at(d, i)))
            return false;
    return d->n <= d->cap;
}
