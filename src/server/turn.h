/* The turn: one iteration of the event loop. The gate is correct because of the order of its
 * phases, which is in turn.c. */
#ifndef SERVER_TURN_H
#define SERVER_TURN_H

#include "base/histogram.h"
#include "engine/engine.h"
#include "io/loop.h"

struct console_link;
struct copy_loader;
struct durability;
struct link_set;
struct memory;
struct persistence;
struct replication;
struct rewrite;
struct shutdown;
struct turn;

/* What the phases call; all borrowed. */
struct turn_parts {
    struct engine *engine;
    struct loop *loop;
    struct link_set *links;
    struct console_link *console;
    struct memory *memory;
    struct durability *durability;
    struct persistence *persistence;
    struct rewrite *rewrite;
    struct replication *replication;
    struct copy_loader *copies;
    const struct shutdown *shutdown;
};

/* How long turns take, without waiting for events; in ticks of the cycle counter (base/clock.h). */
struct turn_figures {
    uint64_t turns;
    uint64_t ticks, longest_ticks;
    uint64_t file_ticks; /* of ticks: spent on the append-only file */
    uint64_t most_commands;
    int64_t longest_cpu_us;               /* of a turn, while latency-monitor-threshold is set */
    uint64_t by_class[HISTOGRAM_CLASSES]; /* of ticks: turns (base/histogram.h) */
};

struct turn *turn_new(const struct turn_parts *parts);
void turn_free(struct turn *t);
/* Waits for events and runs one turn. */
void turn_run(struct turn *t);
/* A nested turn inside a long script: everything that touches no data. Returns false when the
 * server is stopping: the script must end. */
bool turn_in_script(struct turn *t);
/* A turn while the data set is being loaded. Commands that need no data run, others get -LOADING.
 * Returns false when the server is stopping. */
bool turn_in_loading(struct turn *t);
/* After the last turn: sends the replies that the gate has released. */
void turn_last_replies(struct turn *t);
const struct turn_figures *turn_figures(const struct turn *t);
void turn_reset_statistics(struct turn *t);

#endif
