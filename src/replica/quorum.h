/* min-replicas-to-ack: up to which offset enough replicas have confirmed our writes, and what
 * happens to writes meanwhile (replication 11.1 and 11.2).
 *
 *   too few replicas   A request that may write is held for at most replica-ack-timeout, and then
 *                      refused: it did not run.
 *   not confirmed      It has run, and its reply waits at the gate. After replica-ack-timeout the
 *                      connection is closed without a reply: the write may or may not survive.
 *
 * The struct is part of struct replication. Times are by the steady clock. */
#ifndef REPLICA_QUORUM_H
#define REPLICA_QUORUM_H

#include "replica/replication.h"

/* Evaluates the replicas' ACKs and informs the gate. To be called after each ACK, when replicas
 * come or go, when settings or the role change. O(replicas). */
void quorum_update(struct replication *r);
/* This server becomes a primary, at its start or by REPLICAOF NO ONE: its present data are served,
 * and only later writes wait. Otherwise Sentinel's EXEC would wait for replicas that only Sentinel
 * can attach. */
void quorum_begin(struct replication *r);
/* Our data were replaced, with offsets of another history: closes connections with waiting replies,
 * which will never be true. */
void quorum_restart(struct replication *r);
/* Restarts the timeout for everything that was written but is not confirmed. */
void quorum_waits_anew(struct replication *r);
/* Ends waits that have timed out. To be called several times a second. */
void quorum_tick(struct replication *r);
/* True, once for each end of the stream, if it has to be confirmed and replicas were not asked yet:
 * a GETACK is to follow the turn's effects. */
bool quorum_wants_ack(struct replication *r);

/* The n-th greatest of the offsets; 0: there are fewer. 1 <= n <= QUORUM_MOST. */
uint64_t quorum_nth(const uint64_t *offsets, size_t count, size_t n);

/* How long the oldest unconfirmed write has waited, to the precision of a tick; 0: none. */
int64_t quorum_oldest_wait_ms(const struct replication *r);

#endif
