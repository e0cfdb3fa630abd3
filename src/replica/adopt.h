/* Replaces our data by another server's: loads a snapshot that was received and verified, and
 * continues the journal at its offset; or continues our data under another ID. */
#ifndef REPLICA_ADOPT_H
#define REPLICA_ADOPT_H

#include "replica/replication.h"

/* Whether repl-diskless-load has snapshots received into memory. */
bool adopt_needs_no_disk(const struct replication *r);
/* Loads the snapshot, with turns of the server in between. id NULL: the primary has no offsets, and
 * a history of our own begins. REPLICATION_LOADED: the journal is in the stream's database.
 * REPLICATION_LOAD_FAILED: the data are empty and belong to no known history. REPLICATION_KEPT:
 * nothing was changed. */
enum replication_load adopt_snapshot(struct replication *r, const char *path, const char *id,
                                     uint64_t offset);
/* The primary continues at our offset under this ID. Does nothing if it is ours already. */
void adopt_id(struct replication *r, const char *id);

#endif
