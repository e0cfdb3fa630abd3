/* A list: a deque of packed, mutable blocks. Elements are bytes.
 *
 *   block:   slack | element ... element | slack
 *   element: length (varint) | bytes | length again, readable backwards
 *
 * A push at either end writes into the slack there and shifts nothing. Blocks are cut by the policy
 * (`list-max-listpack-size`); an element that is larger than a block has one of its own. Blocks
 * that are more than `compress_depth` away from both ends may be LZ4-compressed; they are expanded
 * when touched. */
#ifndef TYPE_LIST_H
#define TYPE_LIST_H

#include "base/bytes.h"

#include <stdint.h>

struct list_block;

struct list_slot {
    struct list_block *block;
    uint32_t count; /* elements in it */
};

struct list {
    struct list_slot *slots; /* a ring: slot i is slots[(first + i) & (cap - 1)] */
    uint32_t first, n, cap;
    uint32_t compress_depth;
    uint64_t count;
    int64_t fill;         /* the policy it was made with: >0 elements, <0 a size class */
    struct list_slot one; /* what slots points to while cap is 1 */
    bool grown;           /* what Redis would call a quicklist */
};

/* A place; valid until the list changes. data is read at once, never kept. */
struct list_cursor {
    struct list *list;
    uint32_t slot, index; /* element `index` of that slot's block */
    uint32_t at;          /* where it begins in the block */
};

struct list *list_new(int64_t fill, uint32_t compress_depth);
void list_free(struct list *l);
struct list *list_copy(struct list *l);
void list_push(struct list *l, bool front, struct bytes x);
/* The first or last element; false: the list is empty. Valid until the list changes. */
bool list_peek(struct list *l, bool front, struct bytes *out);
/* Drops it. */
void list_drop(struct list *l, bool front);
/* The element at a non-negative index; false: there is none. */
bool list_seek(struct list *l, uint64_t index, struct list_cursor *c);
struct bytes list_get(const struct list_cursor *c);
bool list_next(struct list_cursor *c);
bool list_previous(struct list_cursor *c);
/* The element under the cursor is replaced, gets a neighbour, or goes. The cursor is then invalid,
 * but after list_remove() it is at the element that followed (false: there is none). */
void list_replace(struct list_cursor *c, struct bytes x);
void list_insert(struct list_cursor *c, bool before, struct bytes x);
bool list_remove(struct list_cursor *c);
/* Drops n elements from the front or the back. */
void list_trim(struct list *l, bool front, uint64_t n);
/* "listpack" or "quicklist", as Redis would have it. */
const char *list_encoding(const struct list *l);
size_t list_blocks(const struct list *l);
size_t list_memory(const struct list *l, size_t samples);

#endif
