/* Durability: writes each turn's effects to the append-only file, tells the gate which offsets
 * replies may rely on, and recovers from a failed disk. */
#ifndef SERVER_DURABILITY_H
#define SERVER_DURABILITY_H

#include "engine/engine.h"

struct aof;
struct durability;
struct snapshot;

/* All arguments are borrowed. */
struct durability *durability_new(struct engine *e, struct aof *aof,
                                  const struct snapshot *snapshot);
void durability_free(struct durability *d);

/* Applies the settings. Call when they change, and when a child starts or ends
 * (no-appendfsync-on-rewrite). */
void durability_configure(struct durability *d);

/* Call before requests run: arms the gate if replies will have to wait, and detects a failed disk.
 */
void durability_begin_turn(struct durability *d);
/* The append-only file is turned on, but can't be created for this reason (-errno); 0: it is open,
 * or off. */
void durability_lacks_file(struct durability *d, int error);
/* Writes the turn's effects, then tells the gate. */
void durability_flush(struct durability *d);
/* Group commit delays a batch: the loop must not sleep longer than a millisecond. */
bool durability_waits_for_group(const struct durability *d);
/* Tells the gate what has been written and synced. */
void durability_tell_gate(struct durability *d);
/* The tick: syncs that are due, retries on a failed disk, and a check that nobody has changed the
 * files. idle: no background work is in progress. */
void durability_tick(struct durability *d, bool idle);

/* True when it is time to try a new base, because a sync has failed. Each true counts as an
 * attempt: the next one is due after a longer wait. */
bool durability_wants_base(struct durability *d);
/* Closes the append-only file. Clients that were promised durability are closed or get an error. */
void durability_close(struct durability *d);

#endif
