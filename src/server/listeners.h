/* The sockets that connections come in by, and the TLS context of those that come encrypted. */
#ifndef SERVER_LISTENERS_H
#define SERVER_LISTENERS_H

#include "config/settings.h"
#include "io/loop.h"

struct link_set;
struct listeners;

/* Connections that are accepted become links of that set. */
struct listeners *listeners_new(const struct settings *c, struct loop *l, struct link_set *links);
void listeners_free(struct listeners *all);
/* Opens all that the settings name, at the start. False: a line in the log says why. */
bool listeners_open(struct listeners *all);
/* By the settings in force, after they have changed: connections that are open stay. Nothing need
 * listen then. False: some address or port can't be had, a line in the log says which. */
bool listeners_reopen(struct listeners *all);
/* A TLS context by the settings in force, or none while no port for TLS is open: a context never
 * outlives the settings that it was made of. Connections that are open keep theirs. False: as it
 * was, and a line in the log says why. */
bool listeners_configure_tls(struct listeners *all);
void listeners_close(struct listeners *all);
/* In a forked child: closes its copies of the sockets, so that a port is free once its server is
 * gone. */
void listeners_close_copies(struct listeners *all);

/* The listener of a number from 0: "tcp", "tls" or "unix"; NULL: there are not so many. */
const char *listeners_kind(const struct listeners *all, int number);

#endif
