/* The client as which an exchange runs commands: made at the first one, there until the connection
 * ends. Each request sets user and database anew. */
#ifndef ADMIN_CALLER_H
#define ADMIN_CALLER_H

#include "admin/render.h"
#include "engine/client.h"

/* Zero-initialised but for engine: there is none yet. */
struct caller {
    struct engine *engine;   /* borrowed */
    uint64_t id;             /* of the client; 0: none */
    struct gate_point point; /* what the replies taken so far for this request rely on */
};

enum caller_result {
    CALLER_DONE,    /* r->error tells whether the command failed */
    CALLER_PAUSED,  /* requests are held: it did not run */
    CALLER_GONE,    /* somebody has killed the client */
    CALLER_REFUSED, /* r->error: it acts on the connection itself, or there is no such database */
};

/* One command. */
struct caller_request {
    const char *address; /* the browser's */
    struct user *user;
    long long db;
    const struct bytes *words;
    size_t n;
    bool looks; /* it changes nothing, not even what is counted as a use of keys */
    bool typed; /* by the user: what acts on the connection itself is refused */
};

/* The client; NULL: it was there and has been killed, or its user has lost it. */
struct client *caller_client(struct caller *k, const char *address);
bool caller_was_killed(const struct caller *k);
/* What the words name, down to the subcommand; NULL: nothing. */
const struct command *caller_command(const struct engine *e, const struct bytes *words, size_t n);
/* Runs a command as that user and renders its reply. */
enum caller_result caller_run(struct caller *k, const struct caller_request *q, struct render *r);
/* What was answered relies on what is not yet as safe as promised: an answer has to wait. */
bool caller_is_held(const struct caller *k);
/* The same after the flush of the turn, of answers that were made before it. */
bool caller_is_held_late(const struct caller *k);
void caller_end(struct caller *k);

#endif
