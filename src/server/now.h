/* The time of a turn. */
#ifndef SERVER_NOW_H
#define SERVER_NOW_H

#include "engine/engine.h"

/* Reads the clocks for the engine, the store, and the timing of commands. */
void now_read(struct engine *e);

#endif
