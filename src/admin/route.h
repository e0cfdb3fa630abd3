/* Which paths there are (routes.def), and what each becomes: one command, or a few. */
#ifndef ADMIN_ROUTE_H
#define ADMIN_ROUTE_H

#include "admin/render.h"
#include "proto/http.h"

#define ROUTE_WORDS 16 /* of a command */
#define ROUTE_WHY   96

struct route {
    enum http_method method;
    const char *path;  /* parts in braces are parameters */
    const char *query; /* parameters that may be asked for; blanks between them */
    const char *steps; /* name=COMMAND, with | between them; NULL: the exchange answers itself */
    enum render_shape shape;
    const char *names; /* of RENDER_TUPLES */
    const char *summary;
};

/* A request's parameters, decoded. */
struct route_asked {
    const struct route *route;
    struct buf text; /* what the bytes point to */
    int db;
    struct bytes key, group, from, to;
    struct bytes after; /* with the bracket that excludes it; n 0: none */
    struct bytes count_text;
    long long count, max;
    bool newest;
};

/* All there are. */
const struct route *route_all(size_t *count);
/* *allowed: 0, or the bits 1 << method of the routes with this path. NULL: none has this method, or
 * a parameter is wrong (status, why). On success asked is to be freed. */
const struct route *route_find(const struct http_request *q, unsigned *allowed,
                               struct route_asked *asked, unsigned *status, char why[ROUTE_WHY]);
void route_asked_free(struct route_asked *asked);
/* The n-th step: its name, and the words of its command, which borrow from asked. False: there are
 * fewer. */
bool route_step(const struct route_asked *asked, unsigned n, struct bytes *name,
                struct bytes words[ROUTE_WORDS], int *count);

#endif
