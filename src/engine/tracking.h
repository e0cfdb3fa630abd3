/* Client-side caching: who read which key hears when it changes. Keys are remembered for clients
 * that read them, or (BCAST) clients name prefixes. What the running client itself is to hear goes
 * behind its reply. */
#ifndef ENGINE_TRACKING_H
#define ENGINE_TRACKING_H

#include "engine/client.h"
#include "engine/engine.h"

enum tracking_flag {
    TRACKING_BCAST = 1 << 0,
    TRACKING_OPTIN = 1 << 1,
    TRACKING_OPTOUT = 1 << 2,
    TRACKING_NOLOOP = 1 << 3,
    TRACKING_CACHING = 1 << 4, /* CLIENT CACHING was called for the next command */
    TRACKING_BROKEN = 1 << 5,  /* who it redirects to is gone */
};

struct tracking_client {
    unsigned flags;
    uint64_t redirect; /* 0: none */
    struct str **prefixes;
    size_t prefix_n, memory;
    struct dlist_node node; /* in tracking.clients */
    struct client *client;
};

struct tracking {
    struct dict keys;       /* to audiences */
    struct dlist_node ages; /* of audiences, the oldest first */
    size_t items, bytes;    /* clients of all audiences; what the keys take */
    struct dlist_node clients;
    size_t client_n, broadcasting;
    struct dict
        changed; /* keys since the last broadcast, to the id of who changed them (or -1: several) */
    struct client *running;
    size_t changed_memory;
    struct buf own; /* what the running client will hear: lengths and keys */
    bool own_flush, flushed;
    const struct client *flusher; /* has been told already; compared only */
};

void tracking_init(struct tracking *t);
void tracking_free(struct tracking *t);
/* prefixes: references become the client's. */
void tracking_enable(struct client *c, unsigned flags, uint64_t redirect, struct str **prefixes,
                     size_t n);
void tracking_disable(struct client *c);
/* c has run this command, which only reads; keys of scripts count for their caller. */
void tracking_remember(struct client *c, const struct command *command, const struct bytes *argv,
                       int argc);
/* A key changed. */
void tracking_changed(struct engine *e, struct bytes key);
/* Bytes of what will be told at the end of the command or the turn. */
size_t tracking_pending(const struct engine *e);
/* Everything may have changed. */
void tracking_flushed(struct engine *e);
/* Around a request of a client. */
void tracking_begin(struct client *c);
void tracking_end(struct client *c);
/* At the end of a turn: to those who named prefixes. Keys beyond the limit are given up, some at a
 * time. */
void tracking_broadcast(struct engine *e);

#endif
