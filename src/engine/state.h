/* States in which the server restricts commands, such as loading, read-only or a failed disk: the
 * ENGINE_ bits of engine.slow_path, and what follows from them. */
#ifndef ENGINE_STATE_H
#define ENGINE_STATE_H

#include "engine/engine.h"

/* Sets or clears a bit of engine.slow_path and passes the consequences on to the store: while
 * loading nothing expires; when a client's write would not run, expired keys read as absent but are
 * not deleted. */
void state_set(struct engine *e, enum slow_path_reason bit, bool on);

/* The role or the state of the link to the primary has changed. Only a command that changes the
 * role may be running. */
void state_set_role(struct engine *e, enum engine_role role);
/* To be called when settings of replicas change. */
void state_apply_replica_settings(struct engine *e);
/* Whether maxmemory is ignored: by a replica that leaves eviction to its primary. */
bool state_ignores_memory(const struct engine *e);

/* Why the append-only file cannot be written (-errno), or 0. Writes are refused meanwhile. */
void state_set_disk_error(struct engine *e, int error);

/* A transaction or script is under way: a snapshot would hold half of its changes. */
bool state_is_torn(const struct engine *e);

/* Whether the server's state allows changes of its own, such as expiry: it is no replica, no key is
 * being moved, and a client's write would run. */
bool state_takes_writes(const struct engine *e);
/* The same for eviction, which a replica that heeds maxmemory also does. */
bool state_may_evict(const struct engine *e);
/* Whether a client's write would be refused or held now. Loading and busy scripts do not count:
 * their own writes go on. */
bool state_holds_writes(const struct engine *e);
/* True: a client's write is refused now; appends the error to why. */
bool state_refuses_writes(const struct engine *e, struct buf *why);

/* Fixes the time for a whole script or transaction: deadlines are computed from it, and TIME shows
 * it. False: it is fixed already, by an outer one. */
bool state_freeze_clock(struct engine *e);
void state_thaw_clock(struct engine *e);

/* Sets the number of good replicas, for min-replicas-to-write. */
void state_count_replicas(struct engine *e, size_t good);
/* To be called when min-replicas-to-write changes. */
void state_compare_replicas(struct engine *e);

#endif
