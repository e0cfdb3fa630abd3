/* States of the server that stand in the way of commands (ENGINE_ bits in engine.slow_path), and
 * what follows from them. */
#ifndef ENGINE_STATE_H
#define ENGINE_STATE_H

#include "engine/engine.h"

/* Where a client's write would not run, the server deletes nothing by itself either: keys past
 * their time read as absent. */
void state_set(struct engine *e, enum slow_path_reason bit, bool on);

/* True: a client's write is refused now, for the reason that is added to why. */
bool state_refuses_writes(const struct engine *e, struct buf *why);

/* One time for a whole script or transaction, read now: deadlines are set by it, and TIME tells it.
 * False: it stands still already, for one around it. */
bool state_freeze_clock(struct engine *e);
void state_thaw_clock(struct engine *e);

/* min-replicas-to-write has changed. There are no replicas: whatever number is asked for is too
 * high. */
void state_count_replicas(struct engine *e);

#endif
