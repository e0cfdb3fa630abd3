/* Who may connect: the limits of all connections, of one address, of those who have to authenticate
 * first, and protected mode. */
#ifndef SERVER_ADMIT_H
#define SERVER_ADMIT_H

#include "base/err.h"
#include "engine/engine.h"

struct admit;

struct admit *admit_new(struct engine *e);
void admit_free(struct admit *a);

/* False: refused with *why. peer is "address:port", "" of a unix socket. When too many wait to
 * authenticate, the one who has waited longest is marked to be closed. */
bool admit_connection(struct admit *a, const char *peer, bool is_local, enum err *why);
/* Counts a connection; what admit_gone() takes when it ends. */
struct dict_node *admit_peer(struct admit *a, const char *peer);
void admit_gone(struct admit *a, struct dict_node *peer);

#endif
