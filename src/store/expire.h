/* Active expiry: deletes keys, and fields of hashes, whose TTL has ended, in small steps. Reads
 * delete what they find past its time by themselves; this is for what nobody reads. */
#ifndef STORE_EXPIRE_H
#define STORE_EXPIRE_H

#include "store/db.h"

/* Works until budget_us is used up or every database was looked through once; at least one step.
 * Returns how many keys and fields it deleted. Nothing while expiry is paused or ignored. */
size_t expire_step(struct store *s, int64_t budget_us);

#endif
