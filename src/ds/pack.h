/* A sequence of short byte strings in one allocation, for small collections.
 *
 *   form 1 | elements 3 | bytes used 4 | element ... element
 *   element: length 1 (0xff: length 4 follows) | bytes
 *
 * Walked forwards; every change is a splice. The meaning of the elements is the owner's, as is
 * `form`, which comes first so that other forms of a value can begin with it too. Changes may move
 * the pack. Cost: O(bytes), which is why packs are kept small. */
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
/* Limits of a pack; the owner changes to another form before they are exceeded. */
#define PACK_ELEMENTS_MOST (1u << 23)
#define PACK_BYTES_MOST    (1u << 28)

struct pack *pack_new(uint8_t form);
struct pack *pack_copy(const struct pack *p);
void pack_free(struct pack *p);
/* Size of an element with n bytes of content. */
static inline uint32_t pack_size_of(size_t n)
{
    return (uint32_t)(n < 255 ? n + 1 : n + 5);
}
/* Reads the element at an offset; returns the offset after it. */
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
/* Whether n elements with this many bytes of content in total may be added. */
static inline bool pack_has_room(const struct pack *p, uint32_t n, size_t bytes)
{
    return p->count + n <= PACK_ELEMENTS_MOST && bytes <= PACK_BYTES_MOST &&
           p->used + bytes + 5 * n <= PACK_BYTES_MOST;
}
/* The offset after `elements` elements from `at` on. */
uint32_t pack_skip(const struct pack *p, uint32_t at, uint32_t elements);
/* Searches every stride-th element from `at` on; the offset of the first equal to x, or PACK_NONE.
 */
uint32_t pack_find(const struct pack *p, uint32_t at, uint32_t stride, struct bytes x);
/* Replaces the `drop` elements between the offsets `at` and `end` by n others, which must not point
 * into the pack. Returns the pack, perhaps moved. */
struct pack *pack_splice(struct pack *p, uint32_t at, uint32_t end, uint32_t drop,
                         const struct bytes *add, uint32_t n);
size_t pack_memory(const struct pack *p);
/* For tests: whether exactly `count` elements fill the bytes. */
bool pack_is_sound(const struct pack *p);

#endif
