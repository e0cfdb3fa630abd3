/* What commands and the store ask of the server (struct engine_services, store_events), answered by
 * its parts. */
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

/* All stay the caller's. */
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

/* For as long as the engine lives the parts have to stay where they are. */
void services_provide(struct engine *e, const struct services_parts *parts);

#endif
