/* The time of a turn. */
#ifndef SERVER_NOW_H
#define SERVER_NOW_H

#include "engine/engine.h"

/* Reads the clocks, for everybody: engine, store and the ticks that commands are timed by. */
void now_read(struct engine *e);

#endif
