/* A hash: fields with values, and for some of them a TTL.
 *
 *   small:  a pack (type/hash_pack.h)
 *   large:  a table of entries: key the field, a short value inline, the deadline the entry's own
 *
 * A field whose deadline is not later than the `now_ms` of a call is not seen by it; hash_purge()
 * removes it. now_ms HASH_ALL sees everything. Functions that change a hash take the address of the
 * pointer: it may move; names and values given to them must not lie in the hash. What is read is
 * valid until the next change. Cost: O(1) in the large form, O(bytes) in the small one. */
#ifndef TYPE_HASH_H
#define TYPE_HASH_H

#include "base/rng.h"
#include "ds/table.h"
#include "type/hash_field.h"

#define HASH_ALL INT64_MIN

struct hash;

/* When the small form ends. */
struct hash_limits {
    size_t entries, value;
};

struct hash *hash_new(void);
void hash_free(struct hash *h);
struct hash *hash_copy(const struct hash *h);
/* With those that are due. */
size_t hash_count(const struct hash *h);
bool hash_find(const struct hash *h, struct bytes name, int64_t now_ms, struct hash_field *out);
/* Sets a field; true: it is new. deadline_ms HASH_NO_TTL clears it, HASH_KEEP_TTL leaves
 * it. */
bool hash_set(struct hash **h, struct bytes name, struct bytes value, int64_t deadline_ms,
              const struct hash_limits *limits);
/* False: there is no such field. */
bool hash_set_deadline(struct hash **h, struct bytes name, int64_t deadline_ms);
/* False: there is no such field. */
bool hash_remove(struct hash **h, struct bytes name);
/* Whether some field has a TTL, and a moment before which none is due (INT64_MAX: never). */
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
const struct table *hash_table(const struct hash *h);
/* For tests: whether fields, TTLs, the next due moment and the sum of bytes agree. */
bool hash_is_sound(const struct hash *h);

#endif
