/* Memory: what is used and what for, and the limit. Over the limit keys are evicted, before the
 * turn reads and whenever a command that may grow finds no room; a turn spends no more than a fixed
 * time on it. Buffers of clients and of the journal are not counted: they must not drive data out.
 */
#ifndef SERVER_MEMORY_H
#define SERVER_MEMORY_H

#include "engine/engine.h"
#include "io/worker.h"

struct lazy;
struct memory;

/* For INFO. Bytes as of the last tick; times in microseconds, by the clock (which runs on while
 * others have the processor) and by the processor's time. */
struct memory_figures {
    size_t peak, startup;
    int64_t evict_longest_us, evict_longest_cpu_us; /* eviction, in one turn */
    int64_t over_limit_ms;     /* how long more than maxmemory was in use, all together */
    int64_t over_limit_now_ms; /* of that: since the limit was last passed */
};

/* freer: a worker that gives pages back to the system; it stays the caller's and goes first. */
struct memory *memory_new(struct engine *e, const struct lazy *lazy, struct worker *freer);
void memory_free(struct memory *m);
/* When everything else is made: what is in use now is none of the data. */
void memory_begin(struct memory *m);
/* After maxmemory or its policy were set. */
void memory_configure(struct memory *m);
/* The tick: peak, clients' buffers. */
void memory_tick(struct memory *m);
void memory_begin_turn(struct memory *m);
/* Room for a command that may grow. False: there is none. */
bool memory_make_room(struct memory *m);
/* Whether eviction must leave an entry alone (evict-queues). */
bool memory_holds(const struct memory *m, const struct db *db, const struct entry *e);
/* Closes the largest clients while all together hold more than maxmemory-clients; they are only
 * marked, the turn's end frees them. Nearly free while they have not grown. */
void memory_limit_clients(struct memory *m);
/* A client has gone: the next memory_limit_clients() looks at all that are left. */
void memory_client_gone(struct memory *m);
/* What MEMORY STATS and INFO tell. */
void memory_report(struct memory *m, struct engine_memory *out);
void memory_figures(const struct memory *m, struct memory_figures *out);
void memory_reset_statistics(struct memory *m);

#endif
