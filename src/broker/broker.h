/* What streams do by themselves, between commands: leases that end, retries that fall due, dead
 * letters that nobody reads for. One for the engine. */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include "engine/engine.h"

/* Of an engine whose store is there; freed before the store is. */
struct broker *broker_new(struct engine *e);
void broker_free(struct broker *b);
/* Something is due and may be done: the loop must not sleep. */
bool broker_has_work(const struct broker *b);
/* A phase of the turn, after the timers: does what is due, the oldest first, for broker-turn-us and
 * what one action takes beyond. Nothing while a client's write would not run (engine/act.h). */
void broker_turn(struct broker *b);

#endif
