/* Lazy freeing: large values are freed on another thread, so that deleting one does not block the
 * server. Small ones are freed at once. */
#ifndef SERVER_LAZY_H
#define SERVER_LAZY_H

#include "io/worker.h"
#include "type/value.h"

struct lazy;

struct lazy_figures {
    size_t pending; /* values queued and not freed yet */
    size_t bytes;   /* estimated memory of those */
    size_t freed;   /* values freed on the thread since lazy_reset_statistics() */
};

/* The worker is borrowed. */
struct lazy *lazy_new(struct worker *worker);
/* From now on frees everything at once: call before worker_free(). */
void lazy_stop(struct lazy *l);
/* Call after worker_free(). */
void lazy_free(struct lazy *l);
/* Frees an entry that has left the keyspace. */
void lazy_discard(struct lazy *l, struct entry *e);
const struct lazy_figures *lazy_figures(const struct lazy *l);
void lazy_reset_statistics(struct lazy *l);

#endif
