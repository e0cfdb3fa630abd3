/* The small form of a hash: a pack (ds/pack.h) of fields.
 *
 *   without TTLs:  name | value | name | value ...
 *   with TTLs:     next due 8 | name | value | deadline 8 or nothing | name ...
 *
 * The pack's form byte says which. A pack gets the second form with its first TTL and keeps it.
 * "Next due" is a moment before which no field is due, in milliseconds since 1970 as all deadlines
 * are; it may be too early after a field went or lost its TTL, never too late.
 *
 * Functions that change a pack take the address of the pointer: it may move. Names and values given
 * to them must not lie in it. Cost: O(bytes of the pack). */
#ifndef TYPE_HASH_PACK_H
#define TYPE_HASH_PACK_H

#include "ds/pack.h"
#include "type/hash_field.h"

enum hash_pack_form { HASH_PACK_PLAIN, HASH_PACK_WITH_TTL };

size_t hash_pack_count(const struct pack *p);
/* The field at an offset; returns the offset behind it. The first is at hash_pack_first(), the last
 * ends at p->used. */
uint32_t hash_pack_get(const struct pack *p, uint32_t at, struct hash_field *out);
uint32_t hash_pack_first(const struct pack *p);
bool hash_pack_find(const struct pack *p, struct bytes name, struct hash_field *out);
/* Whether a field with such a name and value may be added. */
bool hash_pack_has_room(const struct pack *p, struct bytes name, struct bytes value);

/* True: the field is new. deadline_ms may be HASH_NO_TTL or HASH_KEEP_TTL. */
bool hash_pack_set(struct pack **p, struct bytes name, struct bytes value, int64_t deadline_ms);
/* False: there is no such field. deadline_ms HASH_NO_TTL takes its TTL away. */
bool hash_pack_set_deadline(struct pack **p, struct bytes name, int64_t deadline_ms);
bool hash_pack_remove(struct pack **p, struct bytes name);

/* INT64_MAX: never. */
int64_t hash_pack_next_due_ms(const struct pack *p);
/* Only after all fields were looked at. */
void hash_pack_put_next_due(struct pack *p, int64_t due_ms);

/* For tests: whether the elements are whole fields, no name twice, none due before the next due. */
bool hash_pack_is_sound(const struct pack *p);

#endif
