/* A helper thread with a queue of jobs: the only place that owns threads. Jobs run in order; the
 * loop is woken when one is done and collects the results on its own thread. */
#ifndef IO_WORKER_H
#define IO_WORKER_H

#include "io/loop.h"

#include <stddef.h>

struct worker;

/* run() works on the worker's thread, done() afterwards on the loop's. The job lives until done().
 */
struct worker_job {
    void (*run)(struct worker_job *job);
    void (*done)(struct worker_job *job);
    struct worker_job *next;
};

struct worker *worker_new(struct loop *l, const char *name);
/* Lets the queue run dry, then joins. done() is called for what was still open. */
void worker_free(struct worker *w);
void worker_submit(struct worker *w, struct worker_job *job);
/* Blocks until everything submitted has run, and calls done() for it. */
void worker_drain(struct worker *w);
/* Jobs not yet done(). */
size_t worker_pending(const struct worker *w);

/* A thread of its own for one call that may take long and that nobody can end; nobody waits for it
 * either. It takes no signals. Returns 0 or -errno. */
int worker_alone(void (*run)(void *argument), void *argument);

#endif
