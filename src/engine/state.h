/* States of the server that stand in the way of commands (ENGINE_ bits in engine.slow_path), and
 * what follows from them. */
#ifndef ENGINE_STATE_H
#define ENGINE_STATE_H

#include "engine/engine.h"

/* Sets or clears a bit of engine.slow_path, and in the store what follows: while loading nothing is
 * due; where a client's write would not run, keys past their time read as absent and nothing is
 * deleted. */
void state_set(struct engine *e, enum slow_path_reason bit, bool on);

/* The role, or the state of the link to the primary, has changed. No command runs but one that
 * changes it. */
void state_set_role(struct engine *e, enum engine_role role);
/* Settings of replicas have changed. */
void state_apply_replica_settings(struct engine *e);
/* The limit of memory does not count: a replica that leaves it to its primary. */
bool state_ignores_memory(const struct engine *e);

/* Why the append-only file can't be written, -errno; 0: it can. Writes are refused meanwhile. */
void state_set_disk_error(struct engine *e, int error);

/* The data are not whole: a transaction or a script has begun and not ended. A snapshot would hold
 * half of it. */
bool state_is_torn(const struct engine *e);

/* Whether the server may change data by itself now, for all that its state says: it is no replica,
 * no key is on its way elsewhere, and a client's write would run. */
bool state_takes_writes(const struct engine *e);
/* The same for giving up keys for want of memory, which a replica that heeds the limit does too. */
bool state_may_evict(const struct engine *e);
/* Whether a client's write would be refused or held now, unlike what is loaded, or what a script
 * that is busy does. */
bool state_holds_writes(const struct engine *e);
/* True: a client's write is refused now, for the reason that is added to why. */
bool state_refuses_writes(const struct engine *e, struct buf *why);

/* One time for a whole script or transaction, read now: deadlines are set by it, and TIME tells it.
 * False: it stands still already, for one around it. */
bool state_freeze_clock(struct engine *e);
void state_thaw_clock(struct engine *e);

/* So many replicas are good: min-replicas-to-write is compared with them. */
void state_count_replicas(struct engine *e, size_t good);
/* The same, when the setting has changed. */
void state_compare_replicas(struct engine *e);

#endif
