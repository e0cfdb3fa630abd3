/* The effects of CONFIG SET, setting by setting, after the new values were stored. */
#ifndef SERVER_APPLY_H
#define SERVER_APPLY_H

#include "engine/engine.h"

struct console_link;
struct cron;
struct durability;
struct listeners;
struct memory;
struct persistence;

/* The parts that settings act upon; all borrowed. */
struct apply_parts {
    struct engine *engine;
    struct listeners *listeners;
    struct console_link *console;
    struct memory *memory;
    struct cron *cron;
    struct durability *durability;
    struct persistence *persistence;
};

/* See settings.changed. */
bool apply_settings(const struct apply_parts *p, const struct setting *const *changed, int n,
                    int *failed, const char **reason);

#endif
