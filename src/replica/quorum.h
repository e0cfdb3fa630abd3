/* min-replicas-to-ack: how far enough replicas confirm what was written here, and what becomes of
 * writes while they do not (replication 11.1 and 11.2).
 *
 *   too few replicas   A request that may write is held, not run, for replica-ack-timeout at most;
 *                      then it is refused: it did not run.
 *   not confirmed      It has run, and its reply waits at the gate. After replica-ack-timeout the
 *                      connection is closed unanswered: nobody can say whether the write survives.
 *
 * Its struct lies in struct replication. Times are those of the steady clock. */
#ifndef REPLICA_QUORUM_H
#define REPLICA_QUORUM_H

#include "replica/replication.h"

/* Looks at what the replicas have confirmed and tells the gate. After each ACK, when a replica has
 * come or gone, when settings or the role change; cheap: by the number of replicas. */
void quorum_update(struct replication *r);
/* This server becomes a primary, by its start or by REPLICAOF NO ONE: what it holds is served, only
 * what is written from now on waits. Without this Sentinel's EXEC would wait for replicas that only
 * Sentinel can give. */
void quorum_begin(struct replication *r);
/* The data are somebody else's now, and offsets count in another history: replies that waited will
 * never be true, and their connections are closed. */
void quorum_restart(struct replication *r);
/* What was written before counts as written now: the time in which it has to be confirmed begins.
 */
void quorum_waits_anew(struct replication *r);
/* Ends waits that have lasted too long. Several times in a second. */
void quorum_tick(struct replication *r);
/* The stream's end has to be confirmed, and the replicas have not been asked for that yet: true
 * once for each end. For the GETACK behind the effects of a turn. */
bool quorum_wants_ack(struct replication *r);

/* The n-th greatest of the offsets; 0: there are fewer. n from 1 to QUORUM_MOST. */
uint64_t quorum_nth(const uint64_t *offsets, size_t count, size_t n);

/* How long the oldest write that no quorum has confirmed waits, to a tick; 0: none does. */
int64_t quorum_oldest_wait_ms(const struct replication *r);

#endif
