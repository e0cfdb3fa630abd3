/* The end of the server: by SHUTDOWN, or by a signal. */
#ifndef SERVER_SHUTDOWN_H
#define SERVER_SHUTDOWN_H

#include "server/server.h"

/* Asks the loop to end; how: ENGINE_SHUTDOWN_ bits. False: refused (a save failed), the server goes
 * on. With ENGINE_SHUTDOWN_ABORT takes back what a signal has asked for; false: none has. */
bool shutdown_now(struct server *s, unsigned how);
/* A signal has come: it is noted, and acted upon by the next tick; until then it can be taken back.
 * context: the server. */
void shutdown_on_signal(void *context, int number);
/* Does what the signal that was noted asks for, if one was. */
void shutdown_obey(struct server *s);

#endif
