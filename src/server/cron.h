/* The tick, `hz` times a second. */
#ifndef SERVER_CRON_H
#define SERVER_CRON_H

#include "engine/engine.h"
#include "io/loop.h"

struct backup;
struct console_link;
struct cron;
struct link_set;
struct listeners;
struct memory;
struct persistence;
struct replication;
struct shutdown;
struct turn;

/* What the tick drives; all borrowed. */
struct cron_parts {
    struct engine *engine;
    struct link_set *links;
    struct listeners *listeners;
    struct console_link *console;
    struct memory *memory;
    struct persistence *persistence;
    struct backup *backup;
    struct shutdown *shutdown;
    struct replication *replication;
    const struct turn *turn;
};

struct cron *cron_new(struct loop *l, const struct cron_parts *parts);
void cron_free(struct cron *c);
/* Applies hz. */
void cron_configure(struct cron *c);

/* For INFO. Rates are per second, averaged over the last samples. */
struct cron_figures {
    double commands;
    double net_in, net_out, repl_in, repl_out; /* in bytes */
    double turns, turn_ticks;                  /* of the cycle counter (base/clock.h) */
    uint64_t ticks;                            /* time spent in ticks, by the cycle counter */
    uint64_t expire_us;                        /* of that, in active expiry */
    uint64_t expire_capped;                    /* how often active expiry used up its budget */
};
void cron_figures(const struct cron *c, struct cron_figures *out);
void cron_reset_statistics(struct cron *c);

#endif
