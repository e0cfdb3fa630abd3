/* Publications and keyspace notifications on their way to clients. */
#ifndef ENGINE_DELIVER_H
#define ENGINE_DELIVER_H

#include "engine/engine.h"

/* For pubsub_new(): owner is the client. */
void deliver_message(void *owner, struct pubsub_message *m);
/* A keyspace notification: to __keyspace@db__:key and __keyevent@db__:event as settings want. */
void deliver_event(struct engine *engine, struct db *db, const char *name, struct bytes key);

#endif
