/* A hash: fields with values, and for some of them a deadline.
 *
 *   small:  a pack of (field, value), or, once a field has a deadline, of (field, value, deadline)
 *           behind one element that holds the earliest of them
 *   large:  a table of entries: key the field, a short value inline, the deadline the entry's own
 *
 * A field whose deadline is not later than the `now_ms` of a call is not seen by it; it goes by
 * hash_purge(). now_ms HASH_ALL sees everything. Functions that change a hash take the address of
 * the pointer: it may move. Values are valid until the next change. */
#ifndef TYPE_HASH_H
#define TYPE_HASH_H

#include "base/bytes.h"
#include "base/rng.h"
#include "ds/table.h"

#define HASH_ALL      INT64_MIN
#define HASH_NO_TTL   (-1)
#define HASH_KEEP_TTL (-2)

struct hash;

/* When the small form ends. */
struct hash_limits {
    size_t entries, value;
};

struct hash_field {
    struct bytes name, value;
    int64_t deadline_ms; /* HASH_NO_TTL: none */
};

struct hash *hash_new(void);
void hash_free(struct hash *h);
struct hash *hash_copy(const struct hash *h);
/* With those that are due. */
size_t hash_count(const struct hash *h);
bool hash_find(const struct hash *h, struct bytes name, int64_t now_ms, struct hash_field *out);
/* Sets a field; true: it is new. deadline_ms HASH_NO_TTL clears it, HASH_KEEP_TTL leaves
 * it. name and value must not lie in the hash. */
bool hash_set(struct hash **h, struct bytes name, struct bytes value, int64_t deadline_ms,
              const struct hash_limits *limits);
/* False: there is no such field. */
bool hash_set_deadline(struct hash **h, struct bytes name, int64_t deadline_ms);
/* False: there is no such field. */
bool hash_remove(struct hash **h, struct bytes name);
/* Whether some field has a deadline, and a moment before which none is due. */
bool hash_has_ttl(const struct hash *h);
int64_t hash_next_due_ms(const struct hash *h);
/* Removes up to max fields that are due; their names go into `names` as counted strings. Returns
 * how many; less than max: no other is due. */
struct str;
size_t hash_purge(struct hash **h, int64_t now_ms, struct str **names, size_t max);
/* Any field, all alike in chance; false: there is none. */
bool hash_random(const struct hash *h, struct rng *rng, int64_t now_ms, struct hash_field *out);
/* "listpack", "listpackex" or "hashtable", as Redis would have it. */
const char *hash_encoding(const struct hash *h);
bool hash_is_large(const struct hash *h);
size_t hash_memory(const struct hash *h, size_t samples);

/* Walks all; the hash must not change meanwhile. */
struct hash_walk {
    const struct hash *h;
    int64_t now_ms;
    uint32_t at;
    struct table_walk table;
};
void hash_walk_start(struct hash_walk *w, const struct hash *h, int64_t now_ms);
bool hash_walk_next(struct hash_walk *w, struct hash_field *out);
/* A step of a scan; the small form comes whole. Returns the next cursor, 0 at the end. */
typedef void hash_visit(void *context, const struct hash_field *f);
uint64_t hash_scan(const struct hash *h, uint64_t cursor, int64_t now_ms, hash_visit *visit,
                   void *context);

/* The table of a large one; NULL: it is small. */
const struct table *hash_table(const struct hash *x);

#endif
