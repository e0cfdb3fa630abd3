/* Pushes to clients: publications, keyspace notifications, invalidations, lines of MONITOR. A push
 * never interrupts a reply: what a client's own request causes for itself follows the whole reply.
 */
#ifndef ENGINE_DELIVER_H
#define ENGINE_DELIVER_H

#include "engine/client.h"
#include "engine/engine.h"

/* Pushes one complete encoded message, also when replies are switched off. */
void deliver_push(struct client *c, struct bytes encoded);
/* The chain for the next push to c; one complete message must be written to it at once. */
struct chain *deliver_way(struct client *c);
/* Pushes to c wait from here to deliver_end(), while its request runs. `running` is on the caller's
 * stack. */
void deliver_begin(struct client_running *running, struct client *c);
void deliver_end(struct client_running *running);
/* The callback for pubsub_new(); owner is the client. */
bool deliver_message(void *owner, struct pubsub_message *m);
/* A keyspace notification to __keyspace@db__:key and __keyevent@db__:event, as the settings select.
 */
void deliver_event(struct engine *engine, struct db *db, const char *name, struct bytes key);
/* The same for an event on fields, to the subkey channels that the settings select. */
void deliver_fields(struct engine *engine, struct db *db, const char *name, struct bytes key,
                    struct db_fields fields);

#endif
