/* The turn: one round of the event loop. The order of its phases is what the gate stands on
 * (ARCHITECTURE.md); turn.c opens with it. */
#ifndef SERVER_TURN_H
#define SERVER_TURN_H

#include "engine/engine.h"
#include "io/loop.h"

struct durability;
struct link_set;
struct memory;
struct persistence;
struct rewrite;
struct shutdown;
struct turn;

/* What has a phase of the turn; all stay the caller's. */
struct turn_parts {
    struct engine *engine;
    struct loop *loop;
    struct link_set *links;
    struct memory *memory;
    struct durability *durability;
    struct persistence *persistence;
    struct rewrite *rewrite;
    const struct shutdown *shutdown;
};

/* How long turns take, without the waiting; in ticks of the cycle counter (base/clock.h). */
struct turn_figures {
    uint64_t turns;
    uint64_t ticks, longest_ticks;
    uint64_t file_ticks; /* of ticks: what went to the append-only file */
    uint64_t most_commands;
};

struct turn *turn_new(const struct turn_parts *parts);
void turn_free(struct turn *t);
/* Waits until there is something to do, and does it. */
void turn_run(struct turn *t);
/* A turn within a command: a script takes long. What can be done without touching data is done.
 * False: the server ends, and so must the script. */
bool turn_in_script(struct turn *t);
/* A turn while data are loaded: connections are answered, by commands that need no data or by an
 * error. False: the server ends. */
bool turn_in_loading(struct turn *t);
/* After the last turn: what the gate has released still goes out. */
void turn_last_replies(struct turn *t);
const struct turn_figures *turn_figures(const struct turn *t);
void turn_reset_statistics(struct turn *t);

#endif
