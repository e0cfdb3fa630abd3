/* The role of this server, primary or replica, and its changes.
 *
 * Both changes may be made by a command, even within a transaction; the journal is adapted when the
 * open group has ended (role_settle()). */
#ifndef REPLICA_ROLE_H
#define REPLICA_ROLE_H

#include "replica/replication.h"

/* Becomes a replica of host:port, or changes its primary. at_start: the data were just loaded,
 * under the ID in their file, and nothing else has happened. */
void role_follow(struct replication *r, const char *host, int port, bool at_start);
/* Whether the server is that one's replica already. */
bool role_follows(const struct replication *r, struct bytes host, int port);
/* Makes a replica a primary, with a history of its own that continues its data. */
void role_promote(struct replication *r);
/* On a replica, before the link to the primary is used, while no group is open. */
void role_settle(struct replication *r);
/* Applies the setting replicaof, after loading at startup. */
void role_begin(struct replication *r);

#endif
