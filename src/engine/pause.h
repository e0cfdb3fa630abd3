/* CLIENT PAUSE: for a while requests, or only those that may write, are not run but kept in their
 * clients' buffers. */
#ifndef ENGINE_PAUSE_H
#define ENGINE_PAUSE_H

#include "engine/client.h"

/* Until this time by the steady clock. A pause in force is never weakened by another: it ends at
 * the later of the two times and holds all requests if either does. */
void pause_begin(struct engine *e, int64_t until_ms, bool writes_only);
/* It is over: those who were held go on. Takes time by their number. */
void pause_end(struct engine *e);
/* Ends it when its time has come: a phase of the turn, after the timers. */
void pause_run_due(struct engine *e);
/* A request of the client is not run: it stays in the buffer until the pause is over. */
void pause_hold(struct client *c);

#endif
