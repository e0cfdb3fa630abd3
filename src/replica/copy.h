/* Snapshots for full synchronisations: when to fork a child, for which replicas, and how the bytes
 * reach them. One snapshot at a time. */
#ifndef REPLICA_COPY_H
#define REPLICA_COPY_H

#include "replica/peer.h"

struct copy *copy_new(struct replication *r);
/* All replicas must be gone. */
void copy_free(struct copy *c);

/* Once a turn: passes on the pipe's data, at the pace of the slowest replica. */
void copy_send(struct copy *c);
/* At the end of a turn: forks when a replica has waited long enough and no other child runs.
 * Replicas that come while a file is written for others share it. */
void copy_end_turn(struct copy *c);
/* The child has exited; good: successfully. */
void copy_ended(struct copy *c, bool good);
/* A replica is closed. If it was the last one reading from a pipe, the child is killed. */
void copy_leave(struct copy *c, struct peer *p);

#endif
