/* Replication as the server sees it: what happens at which moment of the turn. */
#ifndef REPLICA_REPLICA_H
#define REPLICA_REPLICA_H

#include "replica/replication.h"

/* run_id and loop are borrowed. engine.replication is this one until replica_free(). */
struct replication *replica_new(struct engine *e, struct loop *l,
                                const struct replication_services *services, const char *run_id);
/* The link to a primary goes: before all clients do. */
void replica_part(struct replication *r);
/* After all clients. */
void replica_free(struct replication *r);

/* At the start, when there were replicas before it, or there is a primary: the backlog is open and
 * holds the end of the stream, which ends at the journal's offset. */
void replica_begin(struct replication *r, struct bytes tail);

/* A tick of the server: about ten times a second, or more often. */
void replica_tick(struct replication *r);
/* Behind the requests of a turn: those who wait for replicas hear of what these have told. */
void replica_serve(struct replication *r);
/* In front of the flush: what the stream holds beside effects. */
void replica_begin_flush(struct replication *r);
/* In front of the requests of a turn: what the primary has sent. */
void replica_read(struct replication *r);
/* There is something of the primary to be read at once. */
bool replica_has_work(const struct replication *r);
/* In a turn within loading what the primary has sent. */
void replica_load_turn(struct replication *r);
/* Whether that load is to end, since the link to the primary has. */
bool replica_has_lost_load(const struct replication *r);
/* In a turn within a script that takes long: what the primary sends has waited for too long. Once
 * in that time. */
bool replica_waits_long(struct replication *r);
/* Between the flush of the append-only file and the replies: the stream goes to the replicas. */
void replica_send(struct replication *r);
/* Between batches: a fork. */
void replica_end_turn(struct replication *r);

/* The child that services.fork() began has exited, or another has killed it (not good). */
void replica_copy_ended(struct replication *r, bool good);
/* A client that is or may be a replica goes; before it is freed. */
void replica_client_gone(struct client *c);
/* CONFIG RESETSTAT. */
void replica_reset_statistics(struct replication *r);

#endif
