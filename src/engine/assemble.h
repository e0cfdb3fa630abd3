/* Builds an engine from its parts and takes it apart again. The server adds what only it has:
 * services, scripts, an append-only file. */
#ifndef ENGINE_ASSEMBLE_H
#define ENGINE_ASSEMBLE_H

#include "engine/engine.h"

/* e is zeroed. settings are borrowed, the registry becomes the engine's. The engine handles the
 * store's events (store.events), which a server may override. */
void assemble_begin(struct engine *e, struct settings *settings, struct registry *registry,
                    uint64_t seed);
/* All clients must have been freed. */
void assemble_end(struct engine *e);

#endif
