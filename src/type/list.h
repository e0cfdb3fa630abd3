/* A list: a deque of packed, mutable blocks (type/list_block.h). Elements are byte strings.
 *
 * The policy (`list-max-listpack-size`) limits blocks; an element larger than that has a block of
 * its own. Blocks more than `compress_depth` away from both ends may be LZ4-compressed: readers
 * expand them into their cursor and leave the list unchanged, writers expand them in place.
 *
 * Cost: push, peek and drop at the ends O(1); seek O(blocks up to the nearer end); insert and
 * remove move the bytes of one block. */
#ifndef TYPE_LIST_H
#define TYPE_LIST_H

#include "base/bytes.h"

#include <stdint.h>

struct list_block;

struct list_slot {
    struct list_block *block;
    uint32_t count; /* of elements; never 0 */
};

struct list {
    struct list_slot *slots; /* a ring: slot i is slots[(first + i) & (cap - 1)] */
    uint32_t first, n, cap;
    uint32_t compress_depth;
    uint64_t count;
    int64_t fill;         /* the policy at creation: >0 elements, <0 a size class */
    struct list_slot one; /* storage of slots while cap is 1 */
    bool grown;           /* Redis would report a quicklist */
};

/* A position in a list. Made by list_seek(), freed by list_end(); invalidated by any change of the
 * list that is not made through it. */
struct list_cursor {
    const struct list *list;
    const unsigned char *data; /* used bytes of the block, or of its copy in `expanded` */
    uint32_t used;             /* how many */
    uint32_t at;               /* offset of the element in data */
    uint32_t slot, index;      /* the element is number `index` in that slot's block */
    uint32_t expanded_cap;
    unsigned char *expanded; /* owned; for compressed blocks; NULL: none so far */
};

struct list *list_new(int64_t fill, uint32_t compress_depth);
void list_free(struct list *l);
struct list *list_copy(const struct list *l);

/* ---- The ends */

void list_push(struct list *l, bool front, struct bytes x);
/* The first or last element, for a caller about to drop it: expands a compressed block in place.
 * False: the list is empty. Valid until the list changes. */
bool list_peek(struct list *l, bool front, struct bytes *out);
/* Drops it. The list must not be empty. */
void list_drop(struct list *l, bool front);
/* Drops n elements, or all if there are fewer. */
void list_trim(struct list *l, bool front, uint64_t n);

/* ---- Reading, which does not change the list */

/* Finds the element at an index, counted from 0; false: there is none. In both cases c may be
 * passed to list_end(). */
bool list_seek(const struct list *l, uint64_t index, struct list_cursor *c);
/* Valid until the cursor moves or ends. */
struct bytes list_get(const struct list_cursor *c);
/* False: there is no such element; the cursor does not move. */
bool list_next(struct list_cursor *c);
bool list_previous(struct list_cursor *c);
void list_end(struct list_cursor *c);

/* ---- Changes at a cursor; x must not point into the list. Afterwards the cursor can only be
 * ended, except that list_remove() moves it to the following element (false: there is none). */

void list_replace(struct list *l, struct list_cursor *c, struct bytes x);
void list_insert(struct list *l, struct list_cursor *c, bool before, struct bytes x);
bool list_remove(struct list *l, struct list_cursor *c);

/* ---- Information */

/* "listpack" or "quicklist", as Redis would answer. */
const char *list_encoding(const struct list *l);
size_t list_blocks(const struct list *l);
size_t list_memory(const struct list *l, size_t samples);
/* For tests: whether all counts, bytes and slots agree. */
bool list_is_sound(const struct list *l);

#endif
