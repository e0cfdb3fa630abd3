/* Another server's data in place of ours: a snapshot that has been received and verified is loaded,
 * and the journal goes on where it says; or another ID for the data that we have. */
#ifndef REPLICA_ADOPT_H
#define REPLICA_ADOPT_H

#include "replica/replication.h"

/* As repl-diskless-load says: whether a snapshot is received into memory. */
bool adopt_needs_no_disk(const struct replication *r);
/* id NULL: the primary has no offsets, a history of our own begins. With turns of the server in
 * between. REPLICATION_LOADED: the journal is in the database in which the stream goes on.
 * REPLICATION_LOAD_FAILED: there are no data, which belong to no history that anybody knows.
 * REPLICATION_KEPT: nothing has happened. */
enum replication_load adopt_snapshot(struct replication *r, const char *path, const char *id,
                                     uint64_t offset);
/* The primary goes on under this ID where we stand; the same as now: nothing happens. */
void adopt_id(struct replication *r, const char *id);

#endif
