/* Decides who may connect: maxclients, the limit per address, the limit on unauthenticated clients,
 * and protected mode. */
#ifndef SERVER_ADMIT_H
#define SERVER_ADMIT_H

#include "base/err.h"
#include "engine/engine.h"

struct admit;

struct admit *admit_new(struct engine *e);
void admit_free(struct admit *a);

/* Returns false and *why when a connection is refused. peer: "address:port", or "" for a unix
 * socket. With too many unauthenticated clients, closes the one that has waited longest. */
bool admit_connection(struct admit *a, const char *peer, bool is_local, enum err *why);
/* Counts a connection of that address; pass the result to admit_gone() when it is closed. */
struct dict_node *admit_peer(struct admit *a, const char *peer);
void admit_gone(struct admit *a, struct dict_node *peer);

#endif
