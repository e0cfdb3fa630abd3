#include "io/worker.h"

#include "base/assert.h"
#include "base/mem.h"

#include <pthread.h>
#include <signal.h>

struct worker {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more, idle;
    struct worker_job *queue, **queue_end; /* waiting to run */
    struct worker_job *finished, **finished_end;
    bool stop, busy;
    size_t pending; /* counted by the loop */
    struct loop_wake *wake;
};

static void *main_of_thread(void *argument)
{
    struct worker *w = argument;
    mem_thread_begin();
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (!w->queue && !w->stop)
            pthread_cond_wait(&w->more, &w->lock);
        if (!w->queue)
            break;
        struct worker_job *job = w->queue;
        w->queue = job->next;
        if (!w->queue)
            w->queue_end = &w->queue;
        w->busy = true;
        pthread_mutex_unlock(&w->lock);
        job->run(job);
        pthread_mutex_lock(&w->lock);
        w->busy = false;
        job->next = NULL;
        *w->finished_end = job;
        w->finished_end = &job->next;
        if (!w->queue)
            pthread_cond_broadcast(&w->idle);
        /* Unlock first: the woken thread needs the lock at once. */
        pthread_mutex_unlock(&w->lock);
        loop_wake_send(w->wake);
        pthread_mutex_lock(&w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

static void collect(void *context)
{
    struct worker *w = context;
    pthread_mutex_lock(&w->lock);
    struct worker_job *job = w->finished;
    w->finished = NULL;
    w->finished_end = &w->finished;
    pthread_mutex_unlock(&w->lock);
    while (job) {
        struct worker_job *next = job->next;
        w->pending--;
        job->done(job);
        job = next;
    }
}

/* Signals are left to the loop's thread. Returns 0 or an errno. */
static int start_thread(pthread_t *thread, void *(*run)(void *argument), void *argument)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int error = pthread_create(thread, NULL, run, argument);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return error;
}

struct worker *worker_new(struct loop *l, const char *name)
{
    struct worker *w = mem_zalloc(sizeof(*w));
    w->queue_end = &w->queue;
    w->finished_end = &w->finished;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->more, NULL);
    pthread_cond_init(&w->idle, NULL);
    w->wake = loop_wake_new(l, collect, w);
    int error = start_thread(&w->thread, main_of_thread, w);
    ASSERT(error == 0);
    pthread_setname_np(w->thread, name);
    return w;
}

void worker_free(struct worker *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_signal(&w->more);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    collect(w);
    loop_wake_free(w->wake);
    mem_free(w);
}

void worker_submit(struct worker *w, struct worker_job *job)
{
    job->next = NULL;
    w->pending++;
    pthread_mutex_lock(&w->lock);
    *w->queue_end = job;
    w->queue_end = &job->next;
    pthread_mutex_unlock(&w->lock);
    pthread_cond_signal(&w->more); /* after unlocking, since the thread needs the lock at once */
}

void worker_drain(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    while (w->queue || w->busy)
        pthread_cond_wait(&w->idle, &w->lock);
    pthread_mutex_unlock(&w->lock);
    collect(w);
}

size_t worker_pending(const struct worker *w)
{
    return w->pending;
}

struct alone {
    void (*run)(void *argument);
    void *argument;
};

static void *main_alone(void *argument)
{
    struct alone a = *(struct alone *)argument;
    mem_free(argument);
    a.run(a.argument);
    return NULL;
}

int worker_alone(void (*run)(void *argument), void *argument)
{
    struct alone *a = mem_alloc(sizeof(*a));
    *a = (struct alone){run, argument};
    pthread_t thread;
    int error = start_thread(&thread, main_alone, a);
    if (error)
        mem_free(a);
    else
        pthread_detach(thread);
    return -error;
}
