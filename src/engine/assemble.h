/* Makes an engine out of its parts and takes it apart again. A server adds what only it can do:
 * services, scripts, an append-only file. */
#ifndef ENGINE_ASSEMBLE_H
#define ENGINE_ASSEMBLE_H

#include "engine/engine.h"

/* e is zeroed; settings stay the caller's, the registry becomes the engine's. What the store tells
 * goes to the engine; a server may take over what it knows better (store.events). */
void assemble_begin(struct engine *e, struct settings *settings, struct registry *registry,
                    uint64_t seed);
/* After the last client has gone. */
void assemble_end(struct engine *e);

#endif
