/* Entries that a database knows beside their keys because something happens to them by itself:
 * hashes whose fields have TTLs, and streams some of whose groups have a policy. Both are told by
 * the entry's mark (type/kind.h). The tables hold what `keys` owns. Who wants to act on streams
 * hears when one comes or goes (store_events.linked, unlinked).
 *
 * For store/db.c, which is where entries come and go. Cost: a comparison for all other entries. */
#ifndef STORE_NOTED_H
#define STORE_NOTED_H

#include "store/db.h"

static inline bool noted_is_marked(const struct entry *e)
{
    return value_has_field_ttl(e) || value_stream_acts(e);
}
/* It was just put into the database; hash: of its key. */
void noted_add(struct db *db, uint64_t hash, struct entry *e);
/* It is about to leave it, or has just left; old: where it was noted, which may be gone memory. */
void noted_remove(struct db *db, uint64_t hash, struct entry *e);
/* The same entry lies elsewhere. */
void noted_move(struct db *db, uint64_t hash, const void *old, struct entry *e);
/* An entry of the database is marked from now on, or is not. */
void noted_mark(struct db *db, struct entry *e, bool marked);
/* All of a database come, or are about to go; the tables stay as they are. */
void noted_tell_all(struct db *db, bool come);

#endif
