/* What replies may rely on: the append-only file's share of a turn, the promise that the gate is
 * given, and a disk that fails until it is good again. */
#ifndef SERVER_DURABILITY_H
#define SERVER_DURABILITY_H

#include "engine/engine.h"

struct aof;
struct durability;
struct snapshot;

/* All stay the caller's. */
struct durability *durability_new(struct engine *e, struct aof *aof,
                                  const struct snapshot *snapshot);
void durability_free(struct durability *d);

/* By the settings in force, and by whether a child writes (no-appendfsync-on-rewrite): to be called
 * when either changes. */
void durability_configure(struct durability *d);

/* Before requests run: whether replies will have to wait, and whether the disk has failed. */
void durability_begin_turn(struct durability *d);
/* The turn's effects go to the file, and the gate hears what came of it. */
void durability_flush(struct durability *d);
/* A batch waits for more of it: the loop must not sleep longer than a millisecond. */
bool durability_waits_for_group(const struct durability *d);
/* The gate hears what the file keeps. */
void durability_tell_gate(struct durability *d);
/* By the clock: syncs and batches that are due, a disk that has failed, files that somebody else
 * has changed. idle: no snapshot or rewrite is at work on the files. */
void durability_tick(struct durability *d, bool idle);

/* True now and then, at growing distances, while only a new base makes a failed disk good. */
bool durability_wants_base(struct durability *d);
/* Closes the append-only file. Who was promised the disk does not get it any more. */
void durability_close(struct durability *d);

#endif
