/* The time of a turn. */
#ifndef SERVER_NOW_H
#define SERVER_NOW_H

#include "server/server.h"

/* Reads the clock, for everybody. */
void now_read(struct server *s);

#endif
