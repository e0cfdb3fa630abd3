/* A hash: fields with values, and for some of them a TTL.
 *
 *   small:  a pack (type/hash_pack.h)
 *   large:  a table of entries (type/hash_entry.h), and those with a TTL by deadline
 *
 * Calls with a `now_ms` ignore fields whose deadline is not later (now_ms HASH_ALL: none are);
 * hash_purge() removes them. Functions that change a hash take the address of the pointer, since it
 * may move; their names and values must not point into the hash. Returned fields are valid until
 * the next change. Cost: O(1) in the large form, O(bytes) in the small one. */
#ifndef TYPE_HASH_H
#define TYPE_HASH_H

#include "base/rng.h"
#include "ds/table.h"
#include "type/hash_field.h"

#define HASH_ALL INT64_MIN

struct hash;

/* Limits of the small form. */
struct hash_limits {
    size_t entries, value;
};

struct hash *hash_new(void);
void hash_free(struct hash *h);
struct hash *hash_copy(const struct hash *h);
/* Includes expired fields. */
size_t hash_count(const struct hash *h);
/* Fields that have not expired. Cost: O(expired ones) in the large form. */
size_t hash_live(const struct hash *h, int64_t now_ms);
bool hash_find(const struct hash *h, struct bytes name, int64_t now_ms, struct hash_field *out);
/* Sets a field; true: it is new. deadline_ms HASH_NO_TTL clears it, HASH_KEEP_TTL leaves
 * it. */
bool hash_set(struct hash **h, struct bytes name, struct bytes value, int64_t deadline_ms,
              const struct hash_limits *limits);
/* False: there is no such field. */
bool hash_set_deadline(struct hash **h, struct bytes name, int64_t deadline_ms);
/* False: there is no such field. */
bool hash_remove(struct hash **h, struct bytes name);
/* Whether some field has a TTL, and a lower bound of all deadlines (INT64_MAX: none), exact in the
 * large form. */
bool hash_has_ttl(const struct hash *h);
int64_t hash_next_due_ms(const struct hash *h);
/* Removes up to max expired fields; `names` receives their names, owned by the caller. Returns how
 * many; less than max: no more are expired. Cost: O(1) while none can be due, else O(log n) for
 * each of them in the large form. */
struct str;
size_t hash_purge(struct hash **h, int64_t now_ms, struct str **names, size_t max);
/* A uniformly random field; false: there is none. */
bool hash_random(const struct hash *h, struct rng *rng, int64_t now_ms, struct hash_field *out);
/* "listpack", "listpackex" or "hashtable", as Redis would answer. */
const char *hash_encoding(const struct hash *h);
bool hash_is_large(const struct hash *h);
size_t hash_memory(const struct hash *h, size_t samples);

/* Walks all fields; the hash must not change meanwhile. */
struct hash_walk {
    const struct hash *h;
    int64_t now_ms;
    uint32_t at;
    struct table_walk table;
};
void hash_walk_start(struct hash_walk *w, const struct hash *h, int64_t now_ms);
bool hash_walk_next(struct hash_walk *w, struct hash_field *out);
/* One step of a SCAN that starts at cursor 0. The small form has no cursors: one step visits all of
 * it. Returns the cursor of the next step; 0: the scan is complete. */
typedef void hash_visit(void *context, const struct hash_field *f);
uint64_t hash_scan(const struct hash *h, uint64_t cursor, int64_t now_ms, hash_visit *visit,
                   void *context);

/* The hash table of the large form; NULL: it is small. */
const struct table *hash_table(const struct hash *h);
/* For tests. is_sound: whether fields, deadlines and the byte count are consistent. compared: how
 * many deadlines the heap of the large form has compared so far, which bounds its cost. */
bool hash_is_sound(const struct hash *h);
uint32_t hash_compared(const struct hash *h);

#endif
