/* A field of a large hash, stored as an entry (ds/entry.h) whose key is the field's name. An entry
 * with a deadline also stores its index in the heap of deadlines (type/hash_deadlines.h).
 *
 *   without TTL:  the value's bytes or, above HASH_ENTRY_INLINE_MAX, a pointer to a struct str
 *   with TTL:     4 bytes of heap index, then the same; inline
 *
 * Functions that return an entry invalidate the one passed in. Cost: O(bytes). */
#ifndef TYPE_HASH_ENTRY_H
#define TYPE_HASH_ENTRY_H

#include "base/mem.h"
#include "ds/entry.h"
#include "type/hash_field.h"

#define HASH_ENTRY_PLACE      sizeof(uint32_t)
#define HASH_ENTRY_INLINE_MAX (ENTRY_INLINE_MAX - HASH_ENTRY_PLACE)

enum hash_entry_kind { HASH_ENTRY_INLINE, HASH_ENTRY_COUNTED };

/* deadline_ms < 0: none. The heap index is 0, which is none. */
struct entry *hash_entry_new(struct bytes name, struct bytes value, int64_t deadline_ms);
void hash_entry_free(struct entry *e);
/* The heap index is undefined afterwards. value must not point into the entry. */
struct entry *hash_entry_set(struct entry *e, struct bytes value, int64_t deadline_ms);
struct entry *hash_entry_set_deadline(struct entry *e, int64_t deadline_ms);
struct bytes hash_entry_value(const struct entry *e);
/* Kind HASH_ENTRY_COUNTED: bytes allocated for its struct str. */
size_t hash_entry_counted(const struct entry *e);
/* The entry has a deadline. */
void hash_entry_put_place(struct entry *e, uint32_t place);

/* Inline, and without a call for the usual entry, which has no TTL and a short value. */
static inline void hash_entry_get(const struct entry *e, struct hash_field *out)
{
    out->name = entry_key(e);
    out->value =
        e->kind == HASH_ENTRY_INLINE && !e->has_ttl ? entry_inline(e) : hash_entry_value(e);
    out->deadline_ms = entry_deadline_ms(e);
}

/* Bytes allocated for the entry and its value. */
static inline size_t hash_entry_memory(const struct entry *e)
{
    size_t n = mem_class_size(entry_size(e));
    return e->kind == HASH_ENTRY_COUNTED ? n + hash_entry_counted(e) : n;
}

/* Its heap index; 0: it has no deadline. */
static inline uint32_t hash_entry_place(const struct entry *e)
{
    uint32_t place = 0;
    if (e->has_ttl)
        memcpy(&place, entry_inline(e).p, sizeof(place));
    return place;
}

#endif
