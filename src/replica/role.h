/* What this server is: a primary, or the replica of another one; and how one becomes the other.
 *
 * Both may be called by a command, also within a transaction. What the journal does about it waits
 * for the end of the group that is open (role_settle()). */
#ifndef REPLICA_ROLE_H
#define REPLICA_ROLE_H

#include "replica/replication.h"

/* Becomes the replica of host:port, or that of another one than before. at_start: the data are
 * those that have just been loaded, under the ID that they name; nothing else has happened yet. */
void role_follow(struct replication *r, const char *host, int port, bool at_start);
/* The server is that one's replica already. */
bool role_follows(const struct replication *r, struct bytes host, int port);
/* Becomes a primary, with a history of its own that continues what it holds. It was a replica. */
void role_promote(struct replication *r);
/* Of a replica, before the link to the primary is used: no group is open. */
void role_settle(struct replication *r);
/* As the setting replicaof says, behind the loading at the start. */
void role_begin(struct replication *r);

#endif
