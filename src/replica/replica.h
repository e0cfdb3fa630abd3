/* Replication as the server sees it: what happens at which moment of the turn. */
#ifndef REPLICA_REPLICA_H
#define REPLICA_REPLICA_H

#include "replica/replication.h"

/* run_id and loop are borrowed. engine.replication is this one until replica_free(). */
struct replication *replica_new(struct engine *e, struct loop *l,
                                const struct replication_services *services, const char *run_id);
/* After all clients. */
void replica_free(struct replication *r);

/* Between the flush of the append-only file and the replies: the stream goes to the replicas. */
void replica_send(struct replication *r);

#endif
