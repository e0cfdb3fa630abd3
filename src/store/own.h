/* Keys that clients of a replica have made or given a deadline, beside what its primary sends
 * (replica-read-only no; db_note_own()). The primary knows nothing of them and will not delete
 * them: they expire here. All else on a replica is its primary's to delete. */
#ifndef STORE_OWN_H
#define STORE_OWN_H

#include "store/db.h"

/* Deletes what is due of them, whatever is paused: the caller knows whether it may. Works until
 * budget_us is used up or each was looked at once, and goes on there the next time. Returns how
 * many keys and fields it deleted. Those that have no deadline any more are forgotten. */
size_t own_expire_step(struct store *s, int64_t budget_us);
/* How many there are. */
size_t own_count(const struct store *s);
/* The server is a primary: all keys are its own. */
void own_forget(struct store *s);

#endif
