/* The keyspace's hash table: entries by key.
 *
 * Buckets of one cache line: seven one-byte tags, seven pointers. A full bucket chains to overflow
 * buckets (its last slot then points there) and never probes others. The table grows and shrinks by
 * one bucket at a time (linear hashing, Litwin 1980, over a directory of segments), so no operation
 * ever pays for a whole resize and no second table exists. A bucket's number is the low bits of the
 * hash, which gives the reverse-binary scan cursor (P. Noordhuis, as SCAN of Redis) its guarantee:
 * whatever is present during a whole scan is returned at least once.
 *
 * Knows entries by their key only. Frees nothing but its own buckets. Hashes come from the caller.
 */
#ifndef DS_TABLE_H
#define DS_TABLE_H

#include "base/bytes.h"
#include "base/rng.h"
#include "ds/entry.h"

struct table_bucket;

struct table {
    struct table_bucket **segments;
    size_t segment_count; /* allocated */
    size_t buckets;       /* in use; 0 for a table never filled */
    size_t mask;          /* 2^k - 1 with 2^k <= buckets < 2^(k+1) */
    size_t used;          /* entries */
    size_t overflows;     /* overflow buckets */
    uint64_t (*hash)(struct bytes key);
};

typedef void table_visit(void *context, struct entry *e);

void table_init(struct table *t, uint64_t (*hash)(struct bytes key));
/* Makes an empty table as wide as n entries will need, so that filling it splits nothing. */
void table_reserve(struct table *t, size_t n);
/* Forgets all entries (does not free them) and frees the buckets. */
void table_clear(struct table *t);
/* NULL when absent. The slot stays valid until the next insert or remove. */
struct entry **table_find(const struct table *t, uint64_t hash, struct bytes key);
/* The key must be absent. */
void table_insert(struct table *t, uint64_t hash, struct entry *e);
/* Takes it out and returns it; NULL when absent. */
struct entry *table_remove(struct table *t, uint64_t hash, struct bytes key);
/* The same by the address of an entry that may already be freed: only the pointer is compared. */
struct entry **table_find_address(const struct table *t, uint64_t hash, const void *e);
void table_remove_address(struct table *t, uint64_t hash, const void *e);
/* Visits one home bucket (two while it is half split); returns the next cursor, 0 at the end. */
uint64_t table_scan(const struct table *t, uint64_t cursor, table_visit *visit, void *context);
/* Any entry, near enough uniform; NULL when empty. */
struct entry *table_random(const struct table *t, struct rng *rng);
/* Up to max entries that lie together at a random place, all different. Returns how many. Cheaper
 * than as many table_random(). */
size_t table_sample(const struct table *t, struct rng *rng, struct entry **out, size_t max);
/* For tests: whether every entry is where its hash belongs and all counts agree. */
bool table_is_sound(const struct table *t);
/* Bytes of the buckets. */
size_t table_memory(const struct table *t);
#define TABLE_CHAINS 64
/* How many buckets hold 0, 1, 2 ... entries; the last counts longer ones as well. */
void table_chains(const struct table *t, size_t chains[TABLE_CHAINS]);
/* Two steps of prefetching, a batch of keys at a time. */
void table_prefetch_bucket(const struct table *t, uint64_t hash);
void table_prefetch_entry(const struct table *t, uint64_t hash);
/* The entry that table_find() will most likely give, without a look at its key; NULL: none. */
const struct entry *table_guess(const struct table *t, uint64_t hash);

/* Walks everything; the table must not change meanwhile. */
struct table_walk {
    const struct table *table;
    size_t bucket;
    const struct table_bucket *at;
    unsigned slot;
};
void table_walk_start(struct table_walk *w, const struct table *t);
struct entry *table_walk_next(struct table_walk *w);

#endif
