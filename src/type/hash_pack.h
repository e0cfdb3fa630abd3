/* The small form of a hash: a pack (ds/pack.h) of fields.
 *
 *   without TTLs:  name | value | name | value ...
 *   with TTLs:     next due 8 | name | value | deadline 8 or nothing | name ...
 *
 * The pack's form byte tells which. A pack gets the second form with its first TTL and keeps it.
 * "Next due" is a lower bound of all deadlines, in Unix time in milliseconds like them; it may be
 * too early after a field was removed or lost its TTL, never too late.
 *
 * Functions that change a pack take the address of the pointer, since it may move. Their names and
 * values must not point into it. Cost: O(bytes of the pack). */
#ifndef TYPE_HASH_PACK_H
#define TYPE_HASH_PACK_H

#include "ds/pack.h"
#include "type/hash_field.h"

enum hash_pack_form { HASH_PACK_PLAIN, HASH_PACK_WITH_TTL };

size_t hash_pack_count(const struct pack *p);
/* Reads the field at an offset; returns the offset after it. The first is at hash_pack_first(), the
 * last ends at p->used. */
uint32_t hash_pack_get(const struct pack *p, uint32_t at, struct hash_field *out);
uint32_t hash_pack_first(const struct pack *p);
bool hash_pack_find(const struct pack *p, struct bytes name, struct hash_field *out);
/* Whether a field with such a name and value may be added. */
bool hash_pack_has_room(const struct pack *p, struct bytes name, struct bytes value);

/* True: the field is new. deadline_ms may be HASH_NO_TTL or HASH_KEEP_TTL. */
bool hash_pack_set(struct pack **p, struct bytes name, struct bytes value, int64_t deadline_ms);
/* False: there is no such field. deadline_ms HASH_NO_TTL removes its TTL. */
bool hash_pack_set_deadline(struct pack **p, struct bytes name, int64_t deadline_ms);
bool hash_pack_remove(struct pack **p, struct bytes name);

/* A lower bound of all deadlines; INT64_MAX: none. */
int64_t hash_pack_next_due_ms(const struct pack *p);
/* Sets the lower bound, known after all fields were read. */
void hash_pack_put_next_due(struct pack *p, int64_t due_ms);

/* For tests: whether the elements are complete fields with unique names, none with a deadline
 * before the bound. */
bool hash_pack_is_sound(const struct pack *p);

#endif
