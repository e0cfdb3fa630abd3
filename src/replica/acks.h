/* How many replicas have what. Each costs a walk over the replicas. */
#ifndef REPLICA_ACKS_H
#define REPLICA_ACKS_H

#include "replica/replication.h"

/* Of those online: who has told to have applied the stream up to this offset; or to have it on its
 * disk. */
size_t acks_applied(const struct replication *r, uint64_t offset);
size_t acks_synced(const struct replication *r, uint64_t offset);
/* Replicas that are online and not silent for min-replicas-max-lag: tells the engine, which
 * compares their number with min-replicas-to-write. */
void acks_count_good(struct replication *r);

#endif
