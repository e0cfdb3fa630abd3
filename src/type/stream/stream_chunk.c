/* Inserting is in place while there is room at either end: at the back if the records do not reach
 * the end of the chunk, else after moving them to its beginning. Records are never converted
 * between the two sizes in place: stream_chunk_remake() makes another chunk. */
#include "type/stream/stream_chunk.h"

#include "base/mem.h"

#include <string.h>

static size_t bytes_for(bool is_wide, unsigned cap)
{
    return sizeof(struct stream_chunk) +
           cap * (is_wide ? sizeof(struct stream_chunk_wide) : sizeof(struct stream_chunk_narrow));
}

struct stream_chunk *stream_chunk_new(bool is_wide, unsigned cap, uint64_t base_ms,
                                      int64_t base_time_ms)
{
    struct stream_chunk *c = mem_zalloc(bytes_for(is_wide, cap));
    c->cap = (uint16_t)cap;
    c->is_wide = is_wide;
    c->base_ms = base_ms;
    c->base_time_ms = base_time_ms;
    return c;
}

static size_t record_size(const struct stream_chunk *c)
{
    return c->is_wide ? sizeof(struct stream_chunk_wide) : sizeof(struct stream_chunk_narrow);
}

struct stream_chunk *stream_chunk_remake(struct stream_chunk *old, bool is_wide, unsigned cap)
{
    ASSERT(old->n <= cap && is_wide >= old->is_wide);
    struct stream_chunk *c = stream_chunk_new(is_wide, cap, old->base_ms, old->base_time_ms);
    c->n = old->n;
    c->plain = old->plain;
    if (is_wide == old->is_wide) {
        size_t size = record_size(old);
        c->consumers = old->consumers;
        memcpy(c->at, (const char *)old->at + old->start * size, old->n * size);
        mem_free(old);
        return c;
    }
    for (unsigned i = 0; i < old->n; i++) {
        struct stream_pending_entry e;
        stream_chunk_read(old, i, &e);
        stream_chunk_put(c, i, &e);
    }
    mem_free(old);
    return c;
}

struct stream_chunk *stream_chunk_copy(const struct stream_chunk *c)
{
    size_t n = bytes_for(c->is_wide, c->cap);
    struct stream_chunk *copy = mem_alloc(n);
    memcpy(copy, c, n);
    return copy;
}

unsigned stream_chunk_search(const struct stream_chunk *c, struct stream_id id)
{
    unsigned low = 0, high = c->n;
    /* Acknowledging usually looks for the oldest. */
    if (high && stream_id_compare(stream_chunk_id(c, 0), id) >= 0)
        return 0;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (stream_id_compare(stream_chunk_id(c, middle), id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void stream_chunk_insert(struct stream_chunk *c, unsigned i, const struct stream_pending_entry *e)
{
    ASSERT(c->n < c->cap && i <= c->n);
    size_t size = record_size(c);
    char *base = (char *)c->at;
    if (c->start + c->n == c->cap) {
        memmove(base, base + c->start * size, c->n * size);
        c->start = 0;
    }
    memmove(base + (c->start + i + 1) * size, base + (c->start + i) * size, (c->n - i) * size);
    c->n++;
    c->plain = (uint16_t)(c->plain + !e->touched);
    stream_chunk_put(c, i, e);
}

void stream_chunk_remove(struct stream_chunk *c, unsigned i)
{
    ASSERT(i < c->n);
    size_t size = record_size(c);
    char *base = (char *)c->at + c->start * size;
    if (i == 0)
        c->start++;
    else
        memmove(base + i * size, base + (i + 1) * size, (c->n - i - 1) * size);
    c->n--;
}

void stream_chunk_split(struct stream_chunk *c, struct stream_chunk *upper)
{
    unsigned half = c->n / 2;
    ASSERT(upper->n == 0 && upper->cap >= c->n - half && upper->is_wide == c->is_wide);
    for (unsigned i = half; i < c->n; i++) {
        struct stream_pending_entry e;
        stream_chunk_read(c, i, &e);
        stream_chunk_put(upper, i - half, &e);
        upper->n++;
        upper->plain = (uint16_t)(upper->plain + !e.touched);
    }
    c->n = (uint16_t)half;
    c->plain = (uint16_t)(c->plain - upper->plain);
}

bool stream_chunk_is_sound(const struct stream_chunk *c)
{
    unsigned plain = 0;
    struct stream_id last = STREAM_ID_MIN;
    for (unsigned i = 0; i < c->n; i++) {
        struct stream_pending_entry e;
        stream_chunk_read(c, i, &e);
        if (i && stream_id_compare(e.id, last) <= 0)
            return false;
        if (e.consumer != STREAM_PENDING_NO_CONSUMER &&
            !(c->consumers & (uint64_t)1 << (e.consumer % 64)))
            return false;
        plain += !e.touched;
        last = e.id;
    }
    return c->n && c->start + c->n <= c->cap && plain == c->plain;
}
