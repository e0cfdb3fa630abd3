/* Active expiry: deletes keys and hash fields past their TTL, in small steps. Access deletes what
 * it finds expired; without this, what nobody accesses would stay in memory. */
#ifndef STORE_EXPIRE_H
#define STORE_EXPIRE_H

#include "store/db.h"

/* Works until budget_us is used up or every database was looked through once; at least one step.
 * Returns how many keys and fields it deleted. Nothing while expiry is paused or ignored. */
size_t expire_step(struct store *s, int64_t budget_us);

#endif
