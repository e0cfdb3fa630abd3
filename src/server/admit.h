/* Who may connect: the limits of all connections, of one address, of those who have to authenticate
 * first, and protected mode. */
#ifndef SERVER_ADMIT_H
#define SERVER_ADMIT_H

#include "server/server.h"

/* False: refused with *why. peer is "address:port", "" of a unix socket. When too many wait to
 * authenticate, the one who has waited longest is marked to be closed. */
bool admit_connection(struct server *s, const char *peer, bool is_local, enum err *why);
/* Counts a connection; what admit_gone() takes when it ends. */
struct dict_node *admit_peer(struct server *s, const char *peer);
void admit_gone(struct server *s, struct dict_node *peer);

#endif
