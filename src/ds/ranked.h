/* Entries ordered by a score, then by their keys, with ranks: a B+tree whose leaves hold scores and
 * pointers, so that a search accesses an entry only to break a tie. Inner nodes count the items
 * below them.
 *
 * Invariants: leaves are linked in order; an inner node's score and entry for a child are those of
 * the child's first item; no node but the root is empty. Appending in order fills leaves
 * completely. Does not own the entries. Cost: O(log n), cursor steps O(1). */
#ifndef DS_RANKED_H
#define DS_RANKED_H

#include "ds/entry.h"

struct ranked_leaf;

struct ranked {
    void *root;      /* NULL: empty */
    unsigned height; /* 0: the root is a leaf */
    size_t count;
    size_t leaves, inners;
};

/* A position between items. */
enum ranked_by { RANKED_BY_SCORE, RANKED_BY_ITEM, RANKED_BY_KEY };
struct ranked_bound {
    enum ranked_by by; /* what is compared; RANKED_BY_KEY assumes equal scores */
    bool after;        /* after equal items, else before them */
    double score;
    struct bytes key;
};

struct ranked_cursor {
    struct ranked_leaf *leaf;
    unsigned i;
};

void ranked_free(struct ranked *r);
/* The item must not exist. */
void ranked_insert(struct ranked *r, double score, struct entry *e);
/* The item must exist. */
void ranked_remove(struct ranked *r, double score, struct bytes key);
/* The number of items before the bound. */
size_t ranked_before(const struct ranked *r, const struct ranked_bound *b);
/* rank < count. */
void ranked_seek(const struct ranked *r, size_t rank, struct ranked_cursor *c);
struct entry *ranked_get(const struct ranked_cursor *c, double *score);
/* False: there is no such item. */
bool ranked_next(struct ranked_cursor *c);
bool ranked_previous(struct ranked_cursor *c);
size_t ranked_memory(const struct ranked *r);
/* For tests: checks the invariants. */
bool ranked_is_sound(const struct ranked *r);

#endif
