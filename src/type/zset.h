/* A sorted set: members with scores, ordered by score, then by the member's bytes.
 *
 *   small:  a pack of (member, 8 bytes of score and 4 of the size of the member's element, so that
 *           it can be walked backwards)
 *   large:  a table from member to score, and its entries in a B+tree with ranks (ds/ranked.h)
 *
 * Ranges of any kind (ranks, scores, members) are first converted to ranks. Scores are never NaN.
 * Functions that change a sorted set take the address of the pointer, since it may move. Returned
 * members are valid until the next change.
 *
 * Cost: O(log n) in the large form (a score alone O(1)), O(bytes) in the small one. */
#ifndef TYPE_ZSET_H
#define TYPE_ZSET_H

#include "base/bytes.h"
#include "base/rng.h"
#include "ds/ranked.h"
#include "ds/table.h"

struct zset;

/* Limits of the small form. */
struct zset_limits {
    size_t entries, value;
};

struct zset_item {
    struct bytes member;
    double score;
};

struct zset *zset_new(void);
void zset_free(struct zset *z);
struct zset *zset_copy(const struct zset *z);
size_t zset_count(const struct zset *z);
bool zset_score(const struct zset *z, struct bytes member, double *score);
/* True: it is new. member must not point into the sorted set. */
bool zset_set(struct zset **z, struct bytes member, double score, const struct zset_limits *limits);
/* False: it did not exist. */
bool zset_remove(struct zset **z, struct bytes member);
/* Removes n items from a rank on, which must exist. */
void zset_remove_ranks(struct zset **z, size_t rank, size_t n);
/* The number of items before the bound; RANKED_BY_KEY assumes equal scores. Cost: O(log n). */
size_t zset_before(const struct zset *z, const struct ranked_bound *bound);
/* The rank of a member; false: it does not exist. */
bool zset_rank(const struct zset *z, struct bytes member, size_t *rank, double *score);
/* "listpack" or "skiplist", as Redis would answer. */
const char *zset_encoding(const struct zset *z);
bool zset_is_large(const struct zset *z);
size_t zset_memory(const struct zset *z, size_t samples);

/* Walks n items from a rank on, forwards or backwards, which must exist. The sorted set must not
 * change meanwhile. */
struct zset_walk {
    const struct zset *z;
    bool backwards;
    size_t left;
    uint32_t at; /* offset of the next item; backwards: of its end */
    struct ranked_cursor cursor;
    bool begun;
};
void zset_walk_start(struct zset_walk *w, const struct zset *z, size_t rank, size_t n,
                     bool backwards);
bool zset_walk_next(struct zset_walk *w, struct zset_item *out);
/* One step of a SCAN that starts at cursor 0. The small form has no cursors: one step visits all of
 * it. Returns the cursor of the next step; 0: the scan is complete. */
typedef void zset_visit(void *context, const struct zset_item *item);
uint64_t zset_scan(const struct zset *z, uint64_t cursor, zset_visit *visit, void *context);

/* The hash table of the large form; NULL: it is small. */
const struct table *zset_table(const struct zset *z);
/* For tests: whether the order holds, table and tree have the same items, and the byte count
 * agrees. */
bool zset_is_sound(const struct zset *z);

#endif
