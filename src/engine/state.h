/* States of the server that stand in the way of commands (ENGINE_ bits in engine.slow_path), and
 * what follows from them. */
#ifndef ENGINE_STATE_H
#define ENGINE_STATE_H

#include "engine/engine.h"

/* Sets or clears a bit of engine.slow_path, and in the store what follows: while loading nothing is
 * due; where a client's write would not run, keys past their time read as absent and nothing is
 * deleted. */
void state_set(struct engine *e, enum slow_path_reason bit, bool on);

/* Why the append-only file can't be written, -errno; 0: it can. Writes are refused meanwhile. */
void state_set_disk_error(struct engine *e, int error);

/* The data are not whole: a transaction or a script has begun and not ended. A snapshot would hold
 * half of it. */
bool state_is_torn(const struct engine *e);

/* Whether a client's write would run now, for all that the state of the server says. Nor would then
 * what the server does by itself: act_may(). */
bool state_takes_writes(const struct engine *e);
/* Whether a client's write would be refused or held now, unlike what is loaded, or what a script
 * that is busy does. */
bool state_holds_writes(const struct engine *e);
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
