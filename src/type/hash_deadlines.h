/* The fields of a large hash that have a TTL, by deadline: a binary min-heap of their entries, each
 * of which stores its place (type/hash_entry.h). Does not own the entries.
 *
 * At most 2^32 - 1 fields. Memory: 8 to 12 bytes a field here, in large heaps, and 4 in the entry.
 * Cost: O(log n) to insert and to remove, O(1) for the earliest. */
#ifndef TYPE_HASH_DEADLINES_H
#define TYPE_HASH_DEADLINES_H

#include "type/hash_entry.h"

/* Zero-initialised is empty and valid. */
struct hash_deadlines {
    struct entry **items;
    uint32_t n, cap;
    uint32_t compared; /* entries whose deadlines were compared: for tests */
};

/* Inserts an entry that has a deadline (place 0), or puts it where an entry was that may be freed
 * by now, and restores the order. */
void hash_deadlines_put(struct hash_deadlines *d, uint32_t place, struct entry *e);
/* Removes what is at that place; the entry itself may be freed already. */
void hash_deadlines_remove(struct hash_deadlines *d, uint32_t place);
void hash_deadlines_free(struct hash_deadlines *d);
/* How many have expired. Cost: O(that number). */
size_t hash_deadlines_due(const struct hash_deadlines *d, int64_t now_ms);
size_t hash_deadlines_memory(const struct hash_deadlines *d);
/* Walks everything, for tests: no entry is due before its parent, all places are right. */
bool hash_deadlines_is_sound(const struct hash_deadlines *d);

/* INT64_MAX: none. */
static inline int64_t hash_deadlines_next_ms(const struct hash_deadlines *d)
{
    return d->n ? entry_deadline_ms(d->items[0]) : INT64_MAX;
}

#endif
