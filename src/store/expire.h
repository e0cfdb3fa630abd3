/* Active expiry: deletes keys and hash fields past their TTL, in small steps. Access deletes what
 * it finds expired; without this, what nobody accesses would stay in memory. */
#ifndef STORE_EXPIRE_H
#define STORE_EXPIRE_H

#include "store/db.h"

/* Works until budget_us is used up or every database was scanned once; at least one step. Returns
 * how many keys and fields it deleted. Does nothing while expiry is paused or ignored. */
size_t expire_step(struct store *s, int64_t budget_us);

#endif
