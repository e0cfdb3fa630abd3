/* Replication as the server sees it: what to call at which time of the turn. */
#ifndef REPLICA_REPLICA_H
#define REPLICA_REPLICA_H

#include "replica/replication.h"

/* run_id and loop are borrowed. Sets engine.replication until replica_free(). */
struct replication *replica_new(struct engine *e, struct loop *l,
                                const struct replication_services *services, const char *run_id);
/* Drops the link to a primary; to be called before the clients are freed. */
void replica_part(struct replication *r);
/* All clients must have been freed. */
void replica_free(struct replication *r);

/* At startup, if there were replicas before or there is a primary: opens the backlog with the tail
 * of the stream, which ends at the journal's offset. */
void replica_begin(struct replication *r, struct bytes tail);

/* The server's tick, at least ten times a second. */
void replica_tick(struct replication *r);
/* After a turn's requests: serves clients that wait for ACKs of replicas. */
void replica_serve(struct replication *r);
/* Before the flush: adds what the stream has besides effects. */
void replica_begin_flush(struct replication *r);
/* Before a turn's requests: reads from the primary. */
void replica_read(struct replication *r);
/* The primary has sent more: the loop must not sleep. */
bool replica_has_work(const struct replication *r);
/* For turns while the primary's snapshot is being loaded. */
void replica_load_turn(struct replication *r);
/* Whether that load must end, since the link has broken. */
bool replica_has_lost_load(const struct replication *r);
/* A snapshot of the primary is being received into a file in the present directory. */
bool replica_receives_file(const struct replication *r);
/* For turns within a long script: true if input of the primary has waited for too long; once for
 * each such time. */
bool replica_waits_long(struct replication *r);
/* Between the flush of the append-only file and the replies: sends the stream to replicas. */
void replica_send(struct replication *r);
/* Between batches: may fork. */
void replica_end_turn(struct replication *r);

/* The child of services.fork() has exited, or was killed by others (good: false). */
void replica_copy_ended(struct replication *r, bool good);
/* To be called for a client that may be a replica, before it is freed. */
void replica_client_gone(struct client *c);
/* CONFIG RESETSTAT. */
void replica_reset_statistics(struct replication *r);

#endif
