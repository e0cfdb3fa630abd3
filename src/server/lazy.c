#include "server/lazy.h"

#include "base/assert.h"
#include "base/mem.h"

#define LEAST_EFFORT 256 /* value_free_effort() from which another thread pays */

struct lazy {
    struct worker *worker; /* NULL: stopped */
    struct lazy_figures figures;
};

/* A value to be freed. */
struct lazy_job {
    struct worker_job job; /* first: cast from the job's address */
    struct lazy *lazy;
    struct entry *entry;
    size_t bytes;
};

struct lazy *lazy_new(struct worker *worker)
{
    struct lazy *l = mem_zalloc(sizeof(*l));
    l->worker = worker;
    return l;
}

void lazy_stop(struct lazy *l)
{
    l->worker = NULL;
}

void lazy_free(struct lazy *l)
{
    ASSERT(l->figures.pending == 0);
    mem_free(l);
}

static void free_entry(struct worker_job *job)
{
    value_free(((struct lazy_job *)job)->entry);
}

static void freed(struct worker_job *job)
{
    struct lazy_job *j = (struct lazy_job *)job;
    struct lazy_figures *f = &j->lazy->figures;
    ASSERT(f->pending > 0 && f->bytes >= j->bytes);
    f->pending--;
    f->freed++;
    f->bytes -= j->bytes;
    mem_free(j);
}

void lazy_discard(struct lazy *l, struct entry *e)
{
    if (value_free_effort(e) < LEAST_EFFORT || !l->worker) {
        value_free(e);
        return;
    }
    struct lazy_job *j = mem_zalloc(sizeof(*j));
    j->job = (struct worker_job){.run = free_entry, .done = freed};
    j->lazy = l;
    j->entry = e;
    j->bytes = value_memory(e, 5);
    /* References shared with other values must be released on this thread. */
    value_leave_thread(e);
    l->figures.bytes += j->bytes;
    l->figures.pending++;
    worker_submit(l->worker, &j->job);
}

const struct lazy_figures *lazy_figures(const struct lazy *l)
{
    return &l->figures;
}

void lazy_reset_statistics(struct lazy *l)
{
    l->figures.freed = 0;
}
