/* A link joins a connection and a client: bytes in, bytes out, limits on both. */
#ifndef SERVER_LINK_H
#define SERVER_LINK_H

#include "server/server.h"

struct link {
    struct server *server;
    struct conn *conn;
    struct client *client;
    struct dict_node *peer; /* admit_peer() */
    struct dlist_node readable;
    bool waits_for_room; /* the peer takes no more for now */
    bool greeted;        /* its handshake was noticed */
    bool stopped;        /* reads no more */
};

/* A new connection on a listener. */
void link_accept(struct listener *l);
/* Reads what has come, runs it; all readable links, in groups. */
void link_read_all(struct server *s);
/* Runs the kept bytes of clients that may go on. */
void link_resume_all(struct server *s);
/* Sends what the gate has released. */
void link_write_all(struct server *s);
/* Frees the clients that are marked. */
void link_close_all(struct server *s);
/* Idle clients and output limits. */
void link_tick(struct server *s);

#endif
