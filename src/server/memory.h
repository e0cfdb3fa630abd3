/* maxmemory and maxmemory-clients: memory usage by purpose, and what happens above the limits. Keys
 * are evicted before a turn reads, and when a command that may grow finds no room, for a bounded
 * time per turn. Buffers of clients and of the journal are not counted, so that they do not evict
 * data. */
#ifndef SERVER_MEMORY_H
#define SERVER_MEMORY_H

#include "engine/engine.h"
#include "io/worker.h"

struct lazy;
struct memory;

/* For INFO. Bytes are as of the last tick. Eviction is timed twice: by the clock, which also runs
 * while other processes have the CPU, and as CPU time. */
struct memory_figures {
    size_t peak, startup;
    int64_t evict_longest_us, evict_longest_cpu_us; /* most in one turn */
    int64_t over_limit_ms;                          /* time above maxmemory, in total */
    int64_t over_limit_now_ms; /* since maxmemory was last exceeded; 0: it is not */
};

/* Allocated bytes that mem_balance() does not count, such as fragmentation: the allocator's own
 * figure minus mem_balance(). The freeing thread reads these two one after the other. If the main
 * thread frees a large block in between, only one of them includes it, the difference is too large
 * by its size, and the server would evict data although there is room. So a new difference is used
 * only when two measurements in a row agree. */
struct memory_uncounted {
    size_t bytes, seen; /* adopted; of the last measurement */
};
void memory_uncounted_take(struct memory_uncounted *u, size_t used, size_t balance);

/* freer: a worker that returns pages to the system, or NULL; free it before memory_free(). All
 * arguments are borrowed. */
struct memory *memory_new(struct engine *e, const struct lazy *lazy, struct worker *freer);
void memory_free(struct memory *m);
/* Call last at startup: what is in use now counts as overhead, not data. */
void memory_begin(struct memory *m);
/* Applies the settings. */
void memory_configure(struct memory *m);
/* Samples usage, and corrects the cheap counters by it. */
void memory_tick(struct memory *m);
void memory_begin_turn(struct memory *m);
/* Makes room for a command that may grow. Returns false when there is none. */
bool memory_make_room(struct memory *m);
/* True when eviction must spare an entry (evict-queues no: queues in use). */
bool memory_holds(const struct memory *m, const struct db *db, const struct entry *e);
/* Closes the largest clients while all together hold more than maxmemory-clients. They are marked;
 * the end of the turn frees them. Costs a few additions unless clients have grown. */
void memory_limit_clients(struct memory *m);
/* A client has gone: the next memory_limit_clients() examines all of them. */
void memory_client_gone(struct memory *m);
/* For MEMORY STATS and INFO. Raises the peak when usage is above it. */
void memory_report(struct memory *m, struct engine_memory *out);
/* Bytes of decompressed stream blocks. */
size_t memory_stream_cache(const struct memory *m);
void memory_figures(const struct memory *m, struct memory_figures *out);
void memory_reset_statistics(struct memory *m);

#endif
