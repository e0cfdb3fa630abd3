/* What clients get without having asked just now: publications, keyspace notifications,
 * invalidations, lines of MONITOR. A push never stands inside a reply: what a client's own request
 * brings about for itself follows its whole reply. */
#ifndef ENGINE_DELIVER_H
#define ENGINE_DELIVER_H

#include "engine/client.h"
#include "engine/engine.h"

/* One whole message, encoded. Comes also when replies are switched off. */
void deliver_push(struct client *c, struct bytes encoded);
/* Where the next push to c goes: one whole message is to be written there at once. */
struct chain *deliver_way(struct client *c);
/* A request of c runs from here to deliver_end(): pushes to c wait. `running` lies on the stack. */
void deliver_begin(struct client_running *running, struct client *c);
void deliver_end(struct client_running *running);
/* For pubsub_new(): owner is the client. */
bool deliver_message(void *owner, struct pubsub_message *m);
/* A keyspace notification: to __keyspace@db__:key and __keyevent@db__:event as settings want. */
void deliver_event(struct engine *engine, struct db *db, const char *name, struct bytes key);
/* The fields that an event is about, to the channels of subkeys that settings want. */
void deliver_fields(struct engine *engine, struct db *db, const char *name, struct bytes key,
                    struct db_fields fields);

#endif
