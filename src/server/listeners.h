/* The sockets that connections come in by, and the TLS context of those that come encrypted. */
#ifndef SERVER_LISTENERS_H
#define SERVER_LISTENERS_H

#include "server/server.h"

/* Opens all that the settings name, at the start. False: a line in the log says why. */
bool listeners_open(struct server *s);
/* By the settings in force, after they have changed: connections that are open stay. Nothing need
 * listen then. False: some address or port can't be had, a line in the log says which. */
bool listeners_reopen(struct server *s);
/* A TLS context by the settings in force, or none while no port for TLS is open: a context never
 * outlives the settings that it was made of. Connections that are open keep theirs. False: as it
 * was, and a line in the log says why. */
bool listeners_configure_tls(struct server *s);
void listeners_close(struct server *s);

#endif
