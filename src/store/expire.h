/* Active expiry: deletes keys whose deadline has passed, in small steps. */
#ifndef STORE_EXPIRE_H
#define STORE_EXPIRE_H

#include "store/db.h"

/* Works until budget_us is used up or every database was looked through once; at least one step.
 * Returns how many keys it deleted. */
size_t expire_step(struct store *s, int64_t budget_us);

#endif
