/* Whether others can connect to this server, as far as its settings tell: one that listens on
 * loopback addresses only is reached from its own machine alone. Sentinel and replicas elsewhere
 * are told an address that leads nowhere. */
#ifndef REPLICA_REACH_H
#define REPLICA_REACH_H

#include "replica/replication.h"

/* Addresses and names of this machine that no other can use. */
bool reach_is_loopback(struct bytes host);
/* Every address of `bind` is one (and there is one). */
bool reach_is_closed(const struct settings *s);
/* A hint in the log when this server listens on loopback only, announces no address, and is about
 * to have this one as its primary or its replica (role, for the line), which is elsewhere. */
void reach_hint(const struct replication *r, const char *role, const char *host);

#endif
