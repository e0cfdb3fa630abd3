/* What a setting does when it changes at run time. */
#ifndef SERVER_APPLY_H
#define SERVER_APPLY_H

#include "engine/engine.h"

struct cron;
struct durability;
struct listeners;
struct memory;
struct persistence;

/* Whom settings act upon; all stay the caller's. */
struct apply_parts {
    struct engine *engine;
    struct listeners *listeners;
    struct memory *memory;
    struct cron *cron;
    struct durability *durability;
    struct persistence *persistence;
};

/* As settings.changed has it. */
bool apply_settings(const struct apply_parts *p, const struct setting *const *changed, int n,
                    int *failed, const char **reason);

#endif
