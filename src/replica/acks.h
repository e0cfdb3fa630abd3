/* What replicas have acknowledged. Each function walks all replicas. */
#ifndef REPLICA_ACKS_H
#define REPLICA_ACKS_H

#include "replica/replication.h"

/* Number of online replicas that have acknowledged the stream up to this offset: as applied; as on
 * their disk. */
size_t acks_applied(const struct replication *r, uint64_t offset);
size_t acks_synced(const struct replication *r, uint64_t offset);
/* Counts replicas that are online and have sent something within min-replicas-max-lag, and passes
 * the number to the engine for min-replicas-to-write. */
void acks_count_good(struct replication *r);

#endif
