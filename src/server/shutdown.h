/* Shutdown, by command or by signal. Decides whether and when the server stops; the work is done by
 * others, through struct shutdown_actions. */
#ifndef SERVER_SHUTDOWN_H
#define SERVER_SHUTDOWN_H

#include "engine/engine.h"

struct shutdown;

struct shutdown_actions {
    void *context;
    /* The final saves; how: ENGINE_SHUTDOWN_ bits. Returns false when one failed. */
    bool (*save)(void *context, unsigned how);
    /* Closes the listeners: nobody is accepted who would only be dropped. */
    void (*stop_listening)(void *context);
};

struct shutdown *shutdown_new(struct engine *e, const struct shutdown_actions *actions);
void shutdown_free(struct shutdown *d);
/* Stops the server, at once or when its replicas have caught up; how: ENGINE_SHUTDOWN_ bits.
 * Refused: a save failed and the server goes on. */
enum engine_shutdown shutdown_now(struct shutdown *d, unsigned how);
/* Takes back what a signal has asked for, or ends the waiting; false: there is nothing to take
 * back. */
bool shutdown_abort(struct shutdown *d);
/* All of it, as engine_services.shutdown: to abort ends well, or is refused. */
enum engine_shutdown shutdown_ask(struct shutdown *d, unsigned how);
/* A signal handler of the loop: the next tick acts on the signal, until then it can be cancelled.
 * context: the struct shutdown. */
void shutdown_on_signal(void *context, int number);
/* Acts on a signal that has come, if any, and ends the waiting: each tick. */
void shutdown_obey(struct shutdown *d);
/* True once the server is to stop after this turn. */
bool shutdown_is_stopping(const struct shutdown *d);

#endif
