/* The keyspace's hash table: entries by key.
 *
 * Buckets of one cache line: seven one-byte tags, seven pointers. A full bucket chains to overflow
 * buckets (its last slot then points there) and never probes others. The table grows and shrinks by
 * one bucket at a time (linear hashing, Litwin 1980, over a directory of segments), so no operation
 * pays for a complete resize and there is no second table. A bucket's number is the low bits of the
 * hash, which gives the reverse-binary scan cursor (P. Noordhuis, as in SCAN of Redis) its
 * guarantee: entries present during a whole scan are returned at least once.
 *
 * Knows only the keys of entries, and does not own entries. Hashes come from the caller. */
#ifndef DS_TABLE_H
#define DS_TABLE_H

#include "base/bytes.h"
#include "base/rng.h"
#include "ds/entry.h"

struct table_bucket;

struct table {
    struct table_bucket **segments;
    size_t segment_count; /* allocated */
    size_t buckets;       /* in use; 0: never filled */
    size_t mask;          /* 2^k - 1 with 2^k <= buckets < 2^(k+1) */
    size_t used;          /* entries */
    size_t overflows;     /* overflow buckets */
    uint64_t (*hash)(struct bytes key);
};

typedef void table_visit(void *context, struct entry *e);

void table_init(struct table *t, uint64_t (*hash)(struct bytes key));
/* Makes an empty table as large as n entries need, so that filling it splits no bucket. */
void table_reserve(struct table *t, size_t n);
/* Frees the buckets, not the entries. */
void table_clear(struct table *t);
/* One step of table_reserve() or table_clear(), at most TABLE_STEP buckets, so that a caller can do
 * other work in between. False: done. Until table_clear_some() has returned false, no other
 * function may be called on the table. */
#define TABLE_STEP ((size_t)512)
bool table_reserve_some(struct table *t, size_t n);
bool table_clear_some(struct table *t);
/* NULL when absent. The slot stays valid until the next insert or remove. */
struct entry **table_find(const struct table *t, uint64_t hash, struct bytes key);
/* The key must be absent. */
void table_insert(struct table *t, uint64_t hash, struct entry *e);
/* Removes and returns it; NULL when absent. */
struct entry *table_remove(struct table *t, uint64_t hash, struct bytes key);
/* The same by the address of an entry, which may already be freed: only the pointer is compared. */
struct entry **table_find_address(const struct table *t, uint64_t hash, const void *e);
void table_remove_address(struct table *t, uint64_t hash, const void *e);
/* Visits one home bucket (two if it is half split); returns the next cursor, 0 at the end. */
uint64_t table_scan(const struct table *t, uint64_t cursor, table_visit *visit, void *context);
/* A random entry, nearly uniform; NULL when empty. */
struct entry *table_random(const struct table *t, struct rng *rng);
/* Up to max distinct entries that are adjacent at a random place. Returns how many. Cheaper than as
 * many table_random(). */
size_t table_sample(const struct table *t, struct rng *rng, struct entry **out, size_t max);
/* For tests: whether every entry is in the bucket of its hash and all counts agree. */
bool table_is_sound(const struct table *t);
/* Bytes allocated for buckets. */
size_t table_memory(const struct table *t);
#define TABLE_CHAINS 64
/* How many buckets hold 0, 1, 2 ... entries; the last count includes larger ones. */
void table_chains(const struct table *t, size_t chains[TABLE_CHAINS]);
/* Prefetching in two steps, for a batch of keys. */
void table_prefetch_bucket(const struct table *t, uint64_t hash);
void table_prefetch_entry(const struct table *t, uint64_t hash);
/* The entry that table_find() will most likely return, without access to its key; NULL: none. */
const struct entry *table_guess(const struct table *t, uint64_t hash);

/* Walks all entries; the table must not change meanwhile. */
struct table_walk {
    const struct table *table;
    size_t bucket;
    const struct table_bucket *at;
    unsigned slot;
};
void table_walk_start(struct table_walk *w, const struct table *t);
struct entry *table_walk_next(struct table_walk *w);

#endif
