#include "ds/intset.h"

#include "base/assert.h"
#include "base/mem.h"

#include <string.h>

/* The width that a value needs. */
static uint8_t width_of(int64_t v)
{
    return v >= INT16_MIN && v <= INT16_MAX ? 2 : v >= INT32_MIN && v <= INT32_MAX ? 4 : 8;
}

static size_t size_of(uint8_t width, uint32_t count)
{
    return sizeof(struct intset) + (size_t)width * count;
}

struct intset *intset_new(uint8_t form)
{
    struct intset *s = mem_alloc(sizeof(*s));
    *s = (struct intset){.form = form, .width = 2};
    return s;
}

struct intset *intset_copy(const struct intset *s)
{
    struct intset *copy = mem_alloc(size_of(s->width, s->count));
    memcpy(copy, s, size_of(s->width, s->count));
    return copy;
}

void intset_free(struct intset *s)
{
    mem_free(s);
}

int64_t intset_at(const struct intset *s, uint32_t i)
{
    int16_t two;
    int32_t four;
    int64_t eight;
    const unsigned char *at = s->data + (size_t)i * s->width;
    switch (s->width) {
    case 2:
        memcpy(&two, at, 2);
        return two;
    case 4:
        memcpy(&four, at, 4);
        return four;
    default:
        memcpy(&eight, at, 8);
        return eight;
    }
}

static void put(struct intset *s, uint32_t i, int64_t v)
{
    ASSERT(i < s->count && width_of(v) <= s->width);
    /* Assumes little endian, as do all supported machines. */
    memcpy(s->data + (size_t)i * s->width, &v, s->width);
}

/* The place of v, or where it would be inserted. */
static bool find(const struct intset *s, int64_t v, uint32_t *place)
{
    uint32_t low = 0, high = s->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int64_t x = intset_at(s, middle);
        if (x == v) {
            *place = middle;
            return true;
        }
        if (x < v)
            low = middle + 1;
        else
            high = middle;
    }
    *place = low;
    return false;
}

bool intset_has(const struct intset *s, int64_t v)
{
    uint32_t place;
    return find(s, v, &place);
}

/* Copies all values into a wider set. Sets never become narrower again, as in Redis. */
static struct intset *widen(struct intset *s, uint8_t width)
{
    struct intset *wide = mem_alloc(size_of(width, s->count));
    *wide = (struct intset){.form = s->form, .width = width, .count = s->count};
    for (uint32_t i = 0; i < s->count; i++)
        put(wide, i, intset_at(s, i));
    mem_free(s);
    return wide;
}

bool intset_add(struct intset **set, int64_t v)
{
    struct intset *s = *set;
    uint32_t place;
    if (find(s, v, &place))
        return false;
    if (width_of(v) > s->width)
        s = widen(s, width_of(v));
    s = mem_realloc(s, size_of(s->width, s->count + 1));
    unsigned char *at = s->data + (size_t)place * s->width;
    memmove(at + s->width, at, (size_t)(s->count - place) * s->width);
    s->count++;
    put(s, place, v);
    *set = s;
    return true;
}

/* Keeps the width. */
bool intset_remove(struct intset **set, int64_t v)
{
    struct intset *s = *set;
    uint32_t place;
    if (!find(s, v, &place))
        return false;
    unsigned char *at = s->data + (size_t)place * s->width;
    memmove(at, at + s->width, (size_t)(s->count - place - 1) * s->width);
    s->count--;
    ASSERT(place <= s->count);
    *set = mem_realloc(s, size_of(s->width, s->count));
    return true;
}

size_t intset_memory(const struct intset *s)
{
    return mem_block_size(s);
}

bool intset_is_sound(const struct intset *s)
{
    if (s->width != 2 && s->width != 4 && s->width != 8)
        return false;
    for (uint32_t i = 1; i < s->count; i++)
        if (intset_at(s, i - 1) >= intset_at(s, i))
            return false;
    return true;
}
