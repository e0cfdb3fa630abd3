/* A worker thread with a queue of jobs: the only place that owns threads. Jobs run in order; the
 * loop is woken when one is done and collects the results in its own thread. */
#ifndef IO_WORKER_H
#define IO_WORKER_H

#include "io/loop.h"

#include <stddef.h>

struct worker;

/* run() is called in the worker's thread, done() afterwards in the loop's. The job must live until
 * done(). */
struct worker_job {
    void (*run)(struct worker_job *job);
    void (*done)(struct worker_job *job);
    struct worker_job *next;
};

struct worker *worker_new(struct loop *l, const char *name);
/* Waits until all jobs have run, calls done() for them, and joins the thread. */
void worker_free(struct worker *w);
void worker_submit(struct worker *w, struct worker_job *job);
/* Blocks until everything submitted has run, and calls done() for it. */
void worker_drain(struct worker *w);
/* Jobs not yet done(). */
size_t worker_pending(const struct worker *w);

/* Runs a call that may take long and cannot be cancelled in a detached thread of its own, with
 * signals blocked. Returns 0 or -errno. */
int worker_alone(void (*run)(void *argument), void *argument);

#endif
