/* A sorted set: members with scores, in order of the score, then of the member's bytes.
 *
 *   small:  a pack of (member, 8 bytes of score and 4 of the size of the member's element, so that
 *           it can be walked backwards)
 *   large:  a table from member to score, and its entries in a B+tree with ranks (ds/ranked.h)
 *
 * Whatever range a command means (of ranks, scores, members), it is first turned into ranks.
 * Scores are never NaN. Functions that change a sorted set take the address of the pointer: it may
 * move. Members are valid until the next change.
 *
 * Cost: O(log n) in the large form (a score alone O(1)), O(bytes) in the small one. */
#ifndef TYPE_ZSET_H
#define TYPE_ZSET_H

#include "base/bytes.h"
#include "base/rng.h"
#include "ds/ranked.h"
#include "ds/table.h"

struct zset;

/* When the small form ends. */
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
/* True: it is new. member must not lie in the sorted set. */
bool zset_set(struct zset **z, struct bytes member, double score, const struct zset_limits *limits);
/* False: it was not there. */
bool zset_remove(struct zset **z, struct bytes member);
/* Removes n items from a rank on; there must be as many. */
void zset_remove_ranks(struct zset **z, size_t rank, size_t n);
/* How many items are before the bound; of RANKED_BY_KEY all scores count as equal. Cost: O(log n)
 */
size_t zset_before(const struct zset *z, const struct ranked_bound *bound);
/* The rank of a member; false: it is not there. */
bool zset_rank(const struct zset *z, struct bytes member, size_t *rank, double *score);
/* "listpack" or "skiplist", as Redis would have it. */
const char *zset_encoding(const struct zset *z);
bool zset_is_large(const struct zset *z);
size_t zset_memory(const struct zset *z, size_t samples);

/* Walks n items from a rank on, forwards or backwards; there must be as many. The sorted set must
 * not change meanwhile. */
struct zset_walk {
    const struct zset *z;
    bool backwards;
    size_t left;
    uint32_t at; /* of the next item; backwards: of its end */
    struct ranked_cursor cursor;
    bool begun;
};
void zset_walk_start(struct zset_walk *w, const struct zset *z, size_t rank, size_t n,
                     bool backwards);
bool zset_walk_next(struct zset_walk *w, struct zset_item *out);
/* A step of a scan; the small form comes whole. Returns the next cursor, 0 at the end. */
typedef void zset_visit(void *context, const struct zset_item *item);
uint64_t zset_scan(const struct zset *z, uint64_t cursor, zset_visit *visit, void *context);

/* The table of a large one; NULL: it is small. */
const struct table *zset_table(const struct zset *z);
/* For tests: whether the order holds, table and tree have the same, and the sum of bytes agrees. */
bool zset_is_sound(const struct zset *z);

#endif
