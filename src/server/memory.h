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
/* maxmemory-clients in bytes; 0: no limit. A percentage is one of maxmemory or, without such a
 * limit, of the machine's memory. */
size_t memory_clients_limit(const struct server *s);
/* What MEMORY STATS and INFO tell. */
void memory_report(struct server *s, struct engine_memory *out);

#endif
