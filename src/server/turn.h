/* The turn: one round of the event loop. The order of its phases is what the gate stands on
 * (ARCHITECTURE.md); turn.c opens with it. */
#ifndef SERVER_TURN_H
#define SERVER_TURN_H

#include "server/server.h"

struct turn;

/* How long turns take, without the waiting; in ticks of the cycle counter (base/clock.h). */
struct turn_figures {
    uint64_t turns;
    uint64_t ticks, longest_ticks;
    uint64_t file_ticks; /* of ticks: what went to the append-only file */
    uint64_t most_commands;
};

struct turn *turn_new(struct server *s);
void turn_free(struct turn *t);
/* Waits until there is something to do, and does it. */
void turn_run(struct turn *t);
/* A turn within a command: a script takes long. What can be done without touching data is done.
 * False: the server ends, and so must the script. */
bool turn_in_script(struct turn *t);
/* After the last turn: what the gate has released still goes out. */
void turn_last_replies(struct turn *t);
const struct turn_figures *turn_figures(const struct turn *t);
void turn_reset_statistics(struct turn *t);

#endif
