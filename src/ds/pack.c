/* Every change is a pack_splice(), which replaces elements by others and moves the bytes after them
 * once. The allocation always has the size class that the bytes need, so a pack stores no capacity:
 * it is reallocated when the class changes, before the bytes move when growing and after that when
 * shrinking. */
#include "ds/pack.h"

#include "base/assert.h"
#include "base/mem.h"

struct pack *pack_new(uint8_t form)
{
    struct pack *p = mem_alloc(sizeof(*p));
    *p = (struct pack){.form = form};
    return p;
}

struct pack *pack_copy(const struct pack *p)
{
    struct pack *copy = mem_alloc(sizeof(*p) + p->used);
    memcpy(copy, p, sizeof(*p) + p->used);
    return copy;
}

void pack_free(struct pack *p)
{
    if (p)
        mem_free_sized(p, sizeof(*p) + p->used);
}

uint32_t pack_skip(const struct pack *p, uint32_t at, uint32_t elements)
{
    struct bytes x;
    while (elements--)
        at = pack_get(p, at, &x);
    return at;
}

uint32_t pack_find(const struct pack *p, uint32_t at, uint32_t stride, struct bytes x)
{
    struct bytes y;
    while (at < p->used) {
        uint32_t next = pack_get(p, at, &y);
        if (y.n == x.n && memcmp(y.p, x.p, x.n) == 0)
            return at;
        at = stride == 1 ? next : pack_skip(p, next, stride - 1);
    }
    return PACK_NONE;
}

/* The length takes one byte, or five for elements of 255 bytes and more. */
static unsigned char *put(unsigned char *to, struct bytes x)
{
    if (x.n < 255) {
        *to++ = (unsigned char)x.n;
    } else {
        uint32_t n = (uint32_t)x.n;
        *to++ = 255;
        memcpy(to, &n, 4);
        to += 4;
    }
    if (x.n)
        memcpy(to, x.p, x.n);
    return to + x.n;
}

struct pack *pack_splice(struct pack *p, uint32_t at, uint32_t end, uint32_t drop,
                         const struct bytes *add, uint32_t n)
{
    uint32_t size = 0, used = p->used;
    for (uint32_t i = 0; i < n; i++)
        size += pack_size_of(add[i].n);
    uint32_t now = used - (end - at) + size;
    ASSERT(at <= end && end <= used && now >= size);
    ASSERT(drop <= p->count && (drop > 0) == (end > at));
    bool moves = mem_class_size(sizeof(*p) + used) != mem_class_size(sizeof(*p) + now);
    if (moves && now > used)
        p = mem_realloc(p, sizeof(*p) + now);
    memmove(p->data + at + size, p->data + end, used - end);
    unsigned char *to = p->data + at;
    for (uint32_t i = 0; i < n; i++)
        to = put(to, add[i]);
    p->used = now;
    p->count = (p->count + n - drop) & 0xffffff;
    if (moves && now < used)
        p = mem_realloc(p, sizeof(*p) + now);
    return p;
}

size_t pack_memory(const struct pack *p)
{
    return mem_block_size(p);
}

bool pack_is_sound(const struct pack *p)
{
    uint32_t at = 0, count = 0;
    struct bytes x;
    for (; at < p->used; count++) {
        uint32_t left = p->used - at;
        if (p->data[at] == 255 && left < 5)
            return false;
        at = pack_get(p, at, &x);
        if (x.n > left || at > p->used)
            return false;
    }
    return count == p->count && count <= PACK_ELEMENTS_MOST && at == p->used;
}
