/* A link connects a socket and a client: reading, sending, and the limits on both. */
#ifndef SERVER_LINK_H
#define SERVER_LINK_H

#include "engine/engine.h"
#include "io/loop.h"

struct admit;
struct conn;
struct memory;
struct tls_context;
struct link_set; /* all of them */

/* All arguments are borrowed. */
struct link_set *link_set_new(struct engine *e, struct loop *l, struct admit *a, struct memory *m);
/* All clients must have been freed. */
void link_set_free(struct link_set *s);

/* An accepted connection. */
struct link_arrival {
    int fd;                   /* owned by the link from then on */
    const char *peer, *local; /* "address:port" */
    bool is_local;            /* the peer is on this machine */
    bool is_unix;
    struct tls_context *tls; /* NULL: plain */
};
/* Creates a client for it, or refuses and closes it. */
void link_open(struct link_set *s, const struct link_arrival *a);

/* The socket of a client; NULL: none. */
struct conn *link_connection(const struct client *c);

/* A link has bytes to read, or a client that may run has kept requests. */
bool link_has_work(const struct link_set *s);
/* A client that may run has kept requests. */
bool link_has_kept(const struct link_set *s);
/* Reads readable links, in groups, and runs the requests, for a bounded time. A client that may run
 * what it has kept is not read. */
void link_read_all(struct link_set *s);
/* Runs requests kept for clients that may run again, for a bounded time. False: some clients have
 * not run, and come before all that is read; true: each has once. */
bool link_resume_all(struct link_set *s);
/* Sends the output that the gate has released. */
void link_write_all(struct link_set *s);
/* Frees the clients marked by client_close(). */
void link_close_all(struct link_set *s);
/* The tick: closes idle clients and those over their output limits. */
void link_tick(struct link_set *s);

/* Around a turn inside a long command: the rest of its group goes back to its clients, and others
 * are read into a second buffer until link_leave_script(). */
void link_enter_script(struct link_set *s);
void link_leave_script(struct link_set *s);

#endif
