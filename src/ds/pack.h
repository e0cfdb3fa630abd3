/* A run of short byte strings in one allocation, for small collections.
 *
 *   form 1 | elements 3 | bytes used 4 | element ... element
 *   element: length 1 (0xff: length 4 follows) | bytes
 *
 * Walked forwards; every change is a splice. Knows nothing of what the elements mean; `form` is a
 * byte of the owner's, first so that other forms of a value may begin with it as well. A changed
 * pack may move. Cost: O(bytes), which is why a pack stays small. */
#ifndef DS_PACK_H
#define DS_PACK_H

#include "base/bytes.h"

#include <stdint.h>

struct pack {
    uint32_t form : 8; /* the first byte in memory */
    uint32_t count : 24;
    uint32_t used;
    unsigned char data[];
};

#define PACK_NONE UINT32_MAX
/* The owner goes over to another form before a pack has more elements or bytes than these. */
#define PACK_ELEMENTS_MOST (1u << 23)
#define PACK_BYTES_MOST    (1u << 28)

struct pack *pack_new(uint8_t form);
struct pack *pack_copy(const struct pack *p);
void pack_free(struct pack *p);
/* Bytes that an element of n bytes takes. */
static inline uint32_t pack_size_of(size_t n)
{
    return (uint32_t)(n < 255 ? n + 1 : n + 5);
}
/* The element at an offset; returns the offset behind it. */
static inline uint32_t pack_get(const struct pack *p, uint32_t at, struct bytes *out)
{
    uint32_t n = p->data[at++];
    if (__builtin_expect(n == 255, 0)) {
        memcpy(&n, p->data + at, 4);
        at += 4;
    }
    *out = bytes_of(p->data + at, n);
    return at + n;
}
/* Whether n elements with so many bytes of contents may be added. */
static inline bool pack_has_room(const struct pack *p, uint32_t n, size_t bytes)
{
    return p->count + n <= PACK_ELEMENTS_MOST && bytes <= PACK_BYTES_MOST &&
           p->used + bytes + 5 * n <= PACK_BYTES_MOST;
}
/* The offset behind `elements` of them. */
uint32_t pack_skip(const struct pack *p, uint32_t at, uint32_t elements);
/* Looks at every stride-th element from `at` on; the offset of the first that equals x, or
 * PACK_NONE. */
uint32_t pack_find(const struct pack *p, uint32_t at, uint32_t stride, struct bytes x);
/* Takes away `drop` elements that fill the bytes from `at` to `end` and puts n others there. They
 * must not lie in the pack. Returns it, perhaps moved. */
struct pack *pack_splice(struct pack *p, uint32_t at, uint32_t end, uint32_t drop,
                         const struct bytes *add, uint32_t n);
size_t pack_memory(const struct pack *p);
/* For tests: whether `count` whole elements fill the bytes. */
bool pack_is_sound(const struct pack *p);

#endif
