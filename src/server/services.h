/* Implements struct engine_services and store_events by calling the server's parts. */
#ifndef SERVER_SERVICES_H
#define SERVER_SERVICES_H

#include "engine/engine.h"

struct backup;
struct cron;
struct lazy;
struct memory;
struct persistence;
struct rewrite;
struct shutdown;
struct turn;

/* All borrowed. */
struct services_parts {
    struct engine *engine;
    struct shutdown *shutdown;
    struct persistence *persistence;
    struct rewrite *rewrite;
    struct backup *backup;
    struct memory *memory;
    struct lazy *lazy;
    struct turn *turn;
    struct cron *cron;
};

/* *parts must outlive the engine. */
void services_provide(struct engine *e, const struct services_parts *parts);

#endif
