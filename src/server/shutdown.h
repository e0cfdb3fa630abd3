/* The end of the server: by SHUTDOWN, or by a signal. Decides; what has to be done meanwhile others
 * do, through struct shutdown_actions. */
#ifndef SERVER_SHUTDOWN_H
#define SERVER_SHUTDOWN_H

#include "engine/engine.h"

struct shutdown;

struct shutdown_actions {
    void *context;
    /* The last saves; how: ENGINE_SHUTDOWN_ bits. False: one failed. */
    bool (*save)(void *context, unsigned how);
    /* Nobody is accepted any more who would only be dropped. */
    void (*stop_listening)(void *context);
};

struct shutdown *shutdown_new(struct engine *e, const struct shutdown_actions *actions);
void shutdown_free(struct shutdown *d);
/* Asks the loop to end; how: ENGINE_SHUTDOWN_ bits. False: refused (a save failed), the server goes
 * on. With ENGINE_SHUTDOWN_ABORT takes back what a signal has asked for; false: none has. */
bool shutdown_now(struct shutdown *d, unsigned how);
/* A signal has come: it is noted, and acted upon by the next tick; until then it can be taken back.
 * context: the struct shutdown. */
void shutdown_on_signal(void *context, int number);
/* Does what the signal that was noted asks for, if one was. */
void shutdown_obey(struct shutdown *d);
/* The loop ends after this turn. */
bool shutdown_is_stopping(const struct shutdown *d);

#endif
