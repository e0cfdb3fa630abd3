/* Client-side caching: tells clients when keys change that they have read or (BCAST) whose prefixes
 * they named. Invalidations for the running client follow its reply. */
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
    TRACKING_BROKEN = 1 << 5,  /* the client it redirects to is gone */
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
    struct dict keys;          /* key to struct audience: the clients that read it */
    struct dlist_node ages;    /* of audiences, oldest first */
    size_t items, bytes;       /* entries in all audiences; bytes of all keys */
    struct dlist_node clients; /* those with BCAST first, so broadcasting visits no others */
    size_t client_n, broadcasting;
    struct dict
        changed; /* since the last broadcast, to the id of the client that did it (-1: several) */
    struct client *running;
    size_t changed_memory;
    struct buf own; /* invalidations for the running client: lengths and keys */
    bool own_flush, flushed;
    const struct client *flusher; /* whose FLUSHALL was announced to it already; only compared */
};

void tracking_init(struct tracking *t);
void tracking_free(struct tracking *t);
/* The client takes over the references in prefixes. */
void tracking_enable(struct client *c, unsigned flags, uint64_t redirect, struct str **prefixes,
                     size_t n);
void tracking_disable(struct client *c);
/* c has run this read-only command; keys read by scripts count for the caller. */
void tracking_remember(struct client *c, const struct command *command, const struct bytes *argv,
                       int argc);
/* A key changed. */
void tracking_changed(struct engine *e, struct bytes key);
/* Bytes of invalidations that wait for the end of the command or the turn. */
size_t tracking_pending(const struct engine *e);
/* Any key may have changed. */
void tracking_flushed(struct engine *e);
/* Around a request of a client. */
void tracking_begin(struct client *c);
void tracking_end(struct client *c);
/* At the end of a turn: tells clients with prefixes, and gives up some of the keys beyond the
 * limit. */
void tracking_broadcast(struct engine *e);

#endif
