/* Whether other machines can connect to this server, as far as settings tell: not if it listens on
 * loopback addresses only. Then the address that Sentinel and remote replicas get is useless. */
#ifndef REPLICA_REACH_H
#define REPLICA_REACH_H

#include "replica/replication.h"

/* Addresses and names that mean this machine only. */
bool reach_is_loopback(struct bytes host);
/* There are addresses in this list, and all are loopback; "-" before one does not count. */
bool reach_is_all_loopback(const char *addresses);
/* The same of `bind`. */
bool reach_is_closed(const struct settings *s);
/* Logs a hint if this server listens on loopback only, announces no address, and is about to use a
 * remote host as its primary or replica (role: the word for the log). */
void reach_hint(const struct replication *r, const char *role, const char *host);

#endif
