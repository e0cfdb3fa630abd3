/* A block of a list: consecutive packed elements, with slack before and after them.
 *
 *   block:   slack | element ... element | slack
 *   element: length (varint) | bytes | length again, readable backwards
 *
 * The used bytes are data[start] to data[end - 1]. A push at either end writes into the slack there
 * and moves nothing. A compressed block has `packed_n` bytes of LZ4 output in data instead of the
 * elements; its start is 0 and its end the expanded size.
 *
 * The list keeps the number of elements. All elements of a block together are below 4 GiB. */
#ifndef TYPE_LIST_BLOCK_H
#define TYPE_LIST_BLOCK_H

#include "base/bytes.h"

#include <stdint.h>

struct list_block {
    uint32_t start, end; /* the used bytes */
    uint32_t cap;
    uint32_t packed_n; /* >0: compressed to this many bytes of data */
    unsigned char data[];
};

static inline unsigned list_block_varint_size(uint64_t v)
{
    unsigned n = 1;
    for (; v >= 128; v >>= 7)
        n++;
    return n;
}

/* Size of an element with n bytes of content. */
static inline size_t list_block_size_of(size_t n)
{
    return n + 2u * list_block_varint_size(n);
}

/* The element that begins at p; *size includes its lengths. */
static inline struct bytes list_block_read(const unsigned char *p, uint32_t *size)
{
    uint64_t v = *p & 127;
    unsigned n = 1;
    for (unsigned shift = 7; p[n - 1] & 128; n++, shift += 7)
        v |= (uint64_t)(p[n] & 127) << shift;
    *size = (uint32_t)(v + 2u * n);
    return bytes_of(p + n, (size_t)v);
}

/* The size, including lengths, of the element that ends before p. */
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

/* Whether n bytes fit at one end without a change of the block. */
static inline bool list_block_has_room(const struct list_block *b, bool front, size_t n)
{
    return (front ? b->start : b->cap - b->end) >= n && !b->packed_n;
}

/* An empty block with room for at least n bytes, rounded up to the allocator's size class.
 * grows_in_front: the slack is there. */
struct list_block *list_block_new(size_t n, bool grows_in_front);
struct list_block *list_block_copy(const struct list_block *b);

/* These return the block, perhaps moved; a compressed one is expanded. */

struct list_block *list_block_expand(struct list_block *b);
/* Makes room for n more bytes at one end. A block that must grow gets additional slack, up to
 * `most` bytes in total unless n needs more. */
struct list_block *list_block_reserve(struct list_block *b, bool front, size_t n, size_t most);
/* Removes `drop` bytes at an offset within the used bytes and opens a gap of `add` bytes there. */
struct list_block *list_block_splice(struct list_block *b, uint32_t offset, uint32_t drop,
                                     uint32_t add);

/* Returns the block compressed, or unchanged if that saves nothing. */
struct list_block *list_block_compress(struct list_block *b);
/* Expands a compressed block into `to`, which has room for list_block_used(b). */
void list_block_expand_to(const struct list_block *b, unsigned char *to);

/* Writes an element into reserved bytes. */
void list_block_write(unsigned char *to, struct bytes x);
/* Adds an element at the front or back of a block that has the room. */
void list_block_push(struct list_block *b, bool front, struct bytes x);
/* Moves the bytes after an offset within the used bytes to a new block, which is returned. */
struct list_block *list_block_split(struct list_block *b, uint32_t offset);

/* For tests: whether the bytes are `count` complete elements, the same in both directions. */
bool list_block_is_sound(const struct list_block *b, uint32_t count);

#endif
