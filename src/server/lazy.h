/* Lazy freeing: large values are freed on a thread of their own, so that deleting one does not stop
 * the server. Small ones are freed at once. */
#ifndef SERVER_LAZY_H
#define SERVER_LAZY_H

#include "io/worker.h"
#include "type/value.h"

struct lazy;

struct lazy_figures {
    size_t pending; /* values handed over and not freed yet */
    size_t bytes;   /* what those hold, about */
    size_t freed;   /* values freed on the thread since lazy_reset_statistics() */
};

/* The worker stays the caller's. */
struct lazy *lazy_new(struct worker *worker);
/* From now on everything is freed at once; the worker may go, and its jobs with it. */
void lazy_stop(struct lazy *l);
/* After the worker. */
void lazy_free(struct lazy *l);
/* Takes an entry that has left the keyspace. */
void lazy_discard(struct lazy *l, struct entry *e);
const struct lazy_figures *lazy_figures(const struct lazy *l);
void lazy_reset_statistics(struct lazy *l);

#endif
