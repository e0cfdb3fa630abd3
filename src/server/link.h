/* A link joins a connection and a client: bytes in, bytes out, limits on both. */
#ifndef SERVER_LINK_H
#define SERVER_LINK_H

#include "engine/engine.h"
#include "io/loop.h"

struct admit;
struct memory;
struct tls_context;
struct link_set; /* all of them */

/* The memory is told of clients that go; admit says who may come. All stay the caller's. */
struct link_set *link_set_new(struct engine *e, struct loop *l, struct admit *a, struct memory *m);
/* After the last client has gone. */
void link_set_free(struct link_set *s);

/* A connection that was accepted. */
struct link_arrival {
    int fd;                   /* becomes the link's */
    const char *peer, *local; /* "address:port" */
    bool is_local;            /* the peer is on this machine */
    bool is_unix;
    struct tls_context *tls; /* NULL: it is not encrypted */
};
/* Makes a client of it, or refuses it. */
void link_open(struct link_set *s, const struct link_arrival *a);

/* There is something to be read. */
bool link_is_readable(const struct link_set *s);
/* Reads what has come, runs it; all readable links, in groups. */
void link_read_all(struct link_set *s);
/* Runs the kept bytes of clients that may go on. */
void link_resume_all(struct link_set *s);
/* Sends what the gate has released. */
void link_write_all(struct link_set *s);
/* Frees the clients that are marked. */
void link_close_all(struct link_set *s);
/* Idle clients and output limits. */
void link_tick(struct link_set *s);

/* While a command of the group that was read runs and takes long: what was read with it goes back
 * to its clients, others are read beside it until link_leave_script(). */
void link_enter_script(struct link_set *s);
void link_leave_script(struct link_set *s);

#endif
