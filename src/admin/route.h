/* Which paths there are (routes.def), what may be asked of each, and what it becomes: commands, or
 * a program. */
#ifndef ADMIN_ROUTE_H
#define ADMIN_ROUTE_H

#include "admin/param.h"
#include "admin/render.h"
#include "admin/template.h"
#include "proto/http.h"

/* What answers a route that is more than a few commands, each known by itself (programs.def). */
enum route_program {
    ROUTE_COMMANDS, /* none: the route's steps do */
#define PROGRAM(name, function) ROUTE_##name,
#include "admin/programs.def"
#undef PROGRAM
    ROUTE_PROGRAMS
};

struct route {
    enum http_method method;
    const char *path;   /* parts in braces are parameters */
    const char *params; /* what may be asked (admin/param.h): by query of GET, by body of others */
    const char
        *steps; /* of ROUTE_COMMANDS: name=COMMAND, with semicolons between them; else NULL */
    enum route_program program;
    bool looks;    /* it changes nothing, though it is no GET */
    bool is_typed; /* it runs what the user types: there with console-commands only */
    enum render_shape shape;
    const char *names; /* of RENDER_TUPLES */
    unsigned status;   /* of success */
    const char *summary;
};

/* One that was found, and what is asked of it. Zero-initialised: none. */
struct route_asked {
    const struct route *route;
    struct param_set params;
    long long db, count;
    size_t max; /* bytes of a value that are shown */
};

/* All there are. */
const struct route *route_all(size_t *count);
/* *allowed: 0, or the bits 1 << method of the routes with this path. NULL: none has this method, or
 * a parameter is wrong (status, why). On success asked is to be freed. */
const struct route *route_find(const struct http_request *q, unsigned *allowed,
                               struct route_asked *asked, unsigned *status, char why[PARAM_WHY]);
void route_asked_free(struct route_asked *asked);

enum route_step {
    ROUTE_STEP_NONE,    /* there are fewer */
    ROUTE_STEP_COMMAND, /* words are its command */
    ROUTE_STEP_NUMBER,  /* *number is a member of the answer */
    ROUTE_STEP_TOLD,    /* a member made without a command; words[0] says which */
};
/* The n-th step and its name; "": the reply's members are the answer's; "-": the reply is not told;
 * "~name": null for a user who may not run it, and no error;
 * "?404": neither, and a reply that is 0 or null becomes this status. In place of a command:
 * "#name", how many values a parameter has; "@ready" and kin, what is told without one. */
enum route_step route_step(const struct route_asked *asked, unsigned n, struct bytes *name,
                           struct template_words *words, size_t *number);

#endif
