/* Memory: what is used and what for, and the limit. Over the limit keys are evicted, before the
 * turn reads and whenever a command that may grow finds no room; a turn spends no more than a fixed
 * time on it. Buffers of clients and of the journal are not counted: they must not drive data out.
 */
#ifndef SERVER_MEMORY_H
#define SERVER_MEMORY_H

#include "server/server.h"

/* After maxmemory or its policy were set. */
void memory_configure(struct server *s);
/* The tick: peak, clients' buffers. */
void memory_tick(struct server *s);
void memory_begin_turn(struct server *s);
/* Room for a command that may grow. False: there is none. */
bool memory_make_room(struct server *s);
/* Whether eviction must leave an entry alone (evict-queues). */
bool memory_holds(struct server *s, const struct db *db, const struct entry *e);
/* Closes the largest clients while all together hold more than maxmemory-clients; they are only
 * marked, the turn's end frees them. Nearly free while they have not grown. */
void memory_limit_clients(struct server *s);
/* What MEMORY STATS and INFO tell. */
void memory_report(struct server *s, struct engine_memory *out);

#endif
