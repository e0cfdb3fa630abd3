/* A list: a deque of packed, mutable blocks (type/list_block.h). Elements are bytes.
 *
 * Blocks are cut by the policy (`list-max-listpack-size`); an element that is larger than a block
 * has one of its own. Blocks that are more than `compress_depth` away from both ends may be
 * LZ4-compressed: a reader expands them into its cursor and leaves the list as it is, a writer
 * expands them in their place.
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
    uint32_t count; /* elements in it; never 0 */
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

/* An element of a list. list_seek() makes it, list_end() frees what it holds; it becomes invalid
 * when the list changes by other means than itself. */
struct list_cursor {
    const struct list *list;
    const unsigned char *data; /* the used bytes of the block, or its copy in `expanded` */
    uint32_t used;             /* how many */
    uint32_t at;               /* where the element begins in them */
    uint32_t slot, index;      /* element `index` of that slot's block */
    uint32_t expanded_cap;
    unsigned char *expanded; /* the cursor's own, for compressed blocks; NULL: none was met */
};

struct list *list_new(int64_t fill, uint32_t compress_depth);
void list_free(struct list *l);
struct list *list_copy(const struct list *l);

/* ---- The ends */

void list_push(struct list *l, bool front, struct bytes x);
/* The first or last element, for a writer that is about to drop it: a compressed block is expanded
 * in its place. False: the list is empty. Valid until the list changes. */
bool list_peek(struct list *l, bool front, struct bytes *out);
/* Drops it. The list is not empty. */
void list_drop(struct list *l, bool front);
/* Drops n elements, or all that there are. */
void list_trim(struct list *l, bool front, uint64_t n);

/* ---- Reading: changes nothing in the list */

/* The element at an index from 0 on; false: there is none. Either way c may be given to list_end().
 */
bool list_seek(const struct list *l, uint64_t index, struct list_cursor *c);
/* Valid until the cursor moves or ends. */
struct bytes list_get(const struct list_cursor *c);
/* False: there is no such element; the cursor stays. */
bool list_next(struct list_cursor *c);
bool list_previous(struct list_cursor *c);
void list_end(struct list_cursor *c);

/* ---- Changing what a cursor is at; x must not lie in the list. The cursor can only be ended
 * afterwards, but after list_remove() it is at the element that followed (false: there is none). */

void list_replace(struct list *l, struct list_cursor *c, struct bytes x);
void list_insert(struct list *l, struct list_cursor *c, bool before, struct bytes x);
bool list_remove(struct list *l, struct list_cursor *c);

/* ---- About it */

/* "listpack" or "quicklist", as Redis would have it. */
const char *list_encoding(const struct list *l);
size_t list_blocks(const struct list *l);
size_t list_memory(const struct list *l, size_t samples);
/* For tests: whether all counts, bytes and slots agree. */
bool list_is_sound(const struct list *l);

#endif
