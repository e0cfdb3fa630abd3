/* Shutdown, by command or signal: decides whether and when the server stops. The work is done by
 * struct shutdown_actions. */
#ifndef SERVER_SHUTDOWN_H
#define SERVER_SHUTDOWN_H

#include "engine/engine.h"

struct shutdown;

struct shutdown_actions {
    void *context;
    /* The final saves; how: ENGINE_SHUTDOWN_ bits. Returns false when one failed. */
    bool (*save)(void *context, unsigned how);
    /* Closes the listeners, since new connections would only be dropped. */
    void (*stop_listening)(void *context);
};

struct shutdown *shutdown_new(struct engine *e, const struct shutdown_actions *actions);
void shutdown_free(struct shutdown *d);
/* Stops the server, at once or when its replicas have caught up; how: ENGINE_SHUTDOWN_ bits.
 * REFUSED: a save failed, and the server goes on. */
enum engine_shutdown shutdown_now(struct shutdown *d, unsigned how);
/* Cancels a shutdown by a signal, or one that waits for replicas; false: there is none. */
bool shutdown_abort(struct shutdown *d);
/* Implements engine_services.shutdown, including ABORT. */
enum engine_shutdown shutdown_ask(struct shutdown *d, unsigned how);
/* Signal handler for the event loop: the next tick acts on the signal, which can be cancelled until
 * then. context: the struct shutdown. */
void shutdown_on_signal(void *context, int number);
/* Each tick: acts on a signal, and ends the waiting when it is time. */
void shutdown_obey(struct shutdown *d);
/* True once the server is to stop after this turn. */
bool shutdown_is_stopping(const struct shutdown *d);

#endif
