/* A set of byte strings: sorted integers while all members are integers, else a pack while they are
 * few and short, else a hash table. Functions that change a set take the address of the pointer,
 * since it may move. */
#ifndef TYPE_SET_H
#define TYPE_SET_H

#include "base/bytes.h"
#include "base/num.h"
#include "base/rng.h"
#include "ds/table.h"

struct set;

/* Limits of the small forms. */
struct set_limits {
    size_t ints;           /* members of the integer form */
    size_t entries, value; /* members of the packed form, bytes of each */
};

struct set *set_new(void);
void set_free(struct set *s);
struct set *set_copy(const struct set *s);
size_t set_count(const struct set *s);
bool set_has(const struct set *s, struct bytes member);
/* False: it existed already. member must not point into the set. */
bool set_add(struct set **s, struct bytes member, const struct set_limits *limits);
/* False: it did not exist. member must not point into the set. */
bool set_remove(struct set **s, struct bytes member);
/* A uniformly random member of a non-empty set; scratch (NUM_INT_MAX) takes an integer's text.
 * Cost: O(1), but O(n) in the packed form. */
struct bytes set_random(const struct set *s, struct rng *rng, char *scratch);
/* "intset", "listpack" or "hashtable", as Redis 7.2 would answer. */
const char *set_encoding(const struct set *s);
bool set_is_ints(const struct set *s);
bool set_is_large(const struct set *s);
size_t set_memory(const struct set *s, size_t samples);

/* Walks all members; the set must not change meanwhile. A member is valid until the next step. */
struct set_walk {
    const struct set *s;
    uint32_t at;
    struct table_walk table;
    char scratch[NUM_INT_MAX];
};
void set_walk_start(struct set_walk *w, const struct set *s);
bool set_walk_next(struct set_walk *w, struct bytes *member);
/* A step of a scan; small forms are visited completely. Returns the next cursor, 0 at the end. */
typedef void set_visit(void *context, struct bytes member);
uint64_t set_scan(const struct set *s, uint64_t cursor, set_visit *visit, void *context);

/* The hash table of the large form; NULL: it is small. */
const struct table *set_table(const struct set *s);
/* For tests: whether the form's invariants hold, members are unique, and the byte count agrees. */
bool set_is_sound(const struct set *s);

#endif
