/* A block of a list: elements packed one behind the other, with slack before and behind them.
 *
 *   block:   slack | element ... element | slack
 *   element: length (varint) | bytes | length again, readable backwards
 *
 * The used bytes are data[start] to data[end]. A push at either end writes into the slack there and
 * moves nothing. A compressed block has LZ4 output of `packed_n` bytes in data instead of the
 * elements; its start is 0 and its end the size that they have when expanded.
 *
 * How many elements a block has is the list's to know. Elements have less than 4 GiB in a block. */
#ifndef TYPE_LIST_BLOCK_H
#define TYPE_LIST_BLOCK_H

#include "base/bytes.h"

#include <stdint.h>

struct list_block {
    uint32_t start, end; /* the used bytes */
    uint32_t cap;
    uint32_t packed_n; /* >0: compressed, into so many bytes of data */
    unsigned char data[];
};

static inline unsigned list_block_varint_size(uint64_t v)
{
    unsigned n = 1;
    for (; v >= 128; v >>= 7)
        n++;
    return n;
}

/* Bytes that an element of n bytes takes. */
static inline size_t list_block_size_of(size_t n)
{
    return n + 2u * list_block_varint_size(n);
}

/* The element that begins at p; its whole size goes to *size. */
static inline struct bytes list_block_read(const unsigned char *p, uint32_t *size)
{
    uint64_t v = *p & 127;
    unsigned n = 1;
    for (unsigned shift = 7; p[n - 1] & 128; n++, shift += 7)
        v |= (uint64_t)(p[n] & 127) << shift;
    *size = (uint32_t)(v + 2u * n);
    return bytes_of(p + n, (size_t)v);
}

/* The whole size of the element that ends before p. */
static inline uint32_t list_block_size_before(const unsigned char *p)
{
    uint64_t v = p[-1] & 127;
    unsigned n = 1;
    for (unsigned shift = 7; p[-(long)n] & 128; n++, shift += 7)
        v |= (uint64_t)(p[-(long)n - 1] & 127) << shift;
    return (uint32_t)(v + 2u * n);
}

static inline uint32_t list_block_used(const struct list_block *b)
{
    return b->end - b->start;
}

/* Whether n bytes may be written at one end as the block is. */
static inline bool list_block_has_room(const struct list_block *b, bool front, size_t n)
{
    return (front ? b->start : b->cap - b->end) >= n && !b->packed_n;
}

/* An empty one with room for at least n bytes, rounded up to the allocator's size. The slack is in
 * front when it is going to grow there. */
struct list_block *list_block_new(size_t n, bool grows_in_front);
struct list_block *list_block_copy(const struct list_block *b);

/* These take a block and return it, perhaps moved; a compressed one comes back expanded. */

struct list_block *list_block_expand(struct list_block *b);
/* Makes room for n more bytes at one end. A block that must grow gets a reserve, but no more than
 * `most` bytes altogether unless n needs them. */
struct list_block *list_block_reserve(struct list_block *b, bool front, size_t n, size_t most);
/* Takes away `drop` bytes at an offset within the used bytes and opens a gap of `add` there. */
struct list_block *list_block_splice(struct list_block *b, uint32_t offset, uint32_t drop,
                                     uint32_t add);

/* Returns the block compressed, or as it is when that saves nothing. */
struct list_block *list_block_compress(struct list_block *b);
/* The used bytes of a compressed block; `to` has room for list_block_used(b). */
void list_block_expand_to(const struct list_block *b, unsigned char *to);

/* Writes an element into bytes that were made room for. */
void list_block_write(unsigned char *to, struct bytes x);
/* At the front or back of a block that has the room. */
void list_block_push(struct list_block *b, bool front, struct bytes x);
/* Moves what is behind an offset within the used bytes to a block of its own, which is returned. */
struct list_block *list_block_split(struct list_block *b, uint32_t offset);

/* For tests: whether the bytes are so many whole elements that read the same in both directions. */
bool list_block_is_sound(const struct list_block *b, uint32_t count);

#endif
