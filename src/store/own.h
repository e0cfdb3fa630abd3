/* Expiry on a writable replica (replica-read-only no). Keys to which its own clients gave a TTL are
 * remembered by db_note_own() and deleted here when due, because the primary does not know them.
 * All other keys of a replica are deleted by its primary's DEL. */
#ifndef STORE_OWN_H
#define STORE_OWN_H

#include "store/db.h"

/* Deletes those that have expired, even while expiry is paused: the caller decides. Works until
 * budget_us is used up or each was checked once, and continues there the next time. Returns how
 * many keys and fields it deleted. Forgets keys without TTLs. */
size_t own_expire_step(struct store *s, int64_t budget_us);
/* How many there are. */
size_t own_count(const struct store *s);
/* The server is a primary: all keys are its own. */
void own_forget(struct store *s);

#endif
