#include "io/loop.h"

#include "base/assert.h"
#include "base/mem.h"
#include "ds/dlist.h"

#include <ev.h>

struct loop {
    struct ev_loop *ev;
    ev_timer limit;
    struct dlist_node ready; /* ready descriptors, in the order of the kernel's list */
};

struct loop_fd {
    ev_io io;
    struct loop *loop;
    int fd, wanted, events;
    struct dlist_node at; /* in loop.ready */
    void (*ready)(void *context, int events);
    void *context;
};

struct loop_timer {
    ev_timer timer;
    struct loop *loop;
    void (*due)(void *context);
    void *context;
};

struct loop_signal {
    ev_signal signal;
    struct loop *loop;
    void (*arrived)(void *context, int number);
    void *context;
};

struct loop_wake {
    ev_async async;
    struct loop *loop;
    void (*woken)(void *context);
    void *context;
};

static void limit_reached(struct ev_loop *ev, ev_timer *t, int events)
{
    (void)ev;
    (void)t;
    (void)events;
}

struct loop *loop_new(void)
{
    struct loop *l = mem_zalloc(sizeof(*l));
    l->ev = ev_loop_new(EVFLAG_NOENV);
    ASSERT(l->ev != NULL);
    ev_init(&l->limit, limit_reached);
    dlist_init(&l->ready);
    return l;
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    ev_loop_destroy(l->ev);
    mem_free(l);
}

static void report_ready(struct loop *l)
{
    while (!dlist_empty(&l->ready)) {
        struct loop_fd *w = dlist_item(l->ready.next, struct loop_fd, at);
        int events = w->events & w->wanted;
        dlist_remove(&w->at);
        w->events = 0;
        if (events)
            w->ready(w->context, events);
    }
}

static void run(struct loop *l, int64_t wait_ms)
{
    if (wait_ms == 0) {
        ev_run(l->ev, EVRUN_NOWAIT);
        return;
    }
    if (wait_ms > 0) {
        ev_timer_set(&l->limit, (double)wait_ms / 1000, 0);
        ev_timer_start(l->ev, &l->limit);
    }
    ev_run(l->ev, EVRUN_ONCE);
    if (wait_ms > 0)
        ev_timer_stop(l->ev, &l->limit);
}

void loop_turn(struct loop *l, int64_t wait_ms)
{
    run(l, wait_ms);
    report_ready(l);
}

void loop_after_fork(struct loop *l)
{
    ev_loop_fork(l->ev);
}

/* libev reads the kernel's list forwards and runs the callbacks backwards: prepending restores the
 * kernel's order. */
static void fd_ready(struct ev_loop *ev, ev_io *io, int events)
{
    struct loop_fd *w = io->data;
    (void)ev;
    w->events |= (events & EV_READ ? LOOP_READ : 0) | (events & EV_WRITE ? LOOP_WRITE : 0);
    if (!dlist_linked(&w->at))
        dlist_insert_before(w->loop->ready.next, &w->at);
}

struct loop_fd *loop_fd_new(struct loop *l, int fd, void (*ready)(void *context, int events),
                            void *context)
{
    struct loop_fd *w = mem_zalloc(sizeof(*w));
    w->loop = l;
    w->fd = fd;
    w->ready = ready;
    w->context = context;
    ev_io_init(&w->io, fd_ready, fd, 0);
    w->io.data = w;
    return w;
}

void loop_fd_want(struct loop_fd *w, int events)
{
    if (events == w->wanted)
        return;
    w->wanted = events;
    ev_io_stop(w->loop->ev, &w->io);
    if (events) {
        ev_io_set(&w->io, w->fd,
                  (events & LOOP_READ ? EV_READ : 0) | (events & LOOP_WRITE ? EV_WRITE : 0));
        ev_io_start(w->loop->ev, &w->io);
    }
}

void loop_fd_free(struct loop_fd *w)
{
    if (!w)
        return;
    ev_io_stop(w->loop->ev, &w->io);
    dlist_remove(&w->at);
    mem_free(w);
}

static void timer_due(struct ev_loop *ev, ev_timer *timer, int events)
{
    struct loop_timer *t = timer->data;
    (void)ev;
    (void)events;
    t->due(t->context);
}

struct loop_timer *loop_timer_new(struct loop *l, int64_t period_ms, void (*due)(void *context),
                                  void *context)
{
    struct loop_timer *t = mem_zalloc(sizeof(*t));
    t->loop = l;
    t->due = due;
    t->context = context;
    double period = (double)period_ms / 1000;
    ev_timer_init(&t->timer, timer_due, period, period);
    t->timer.data = t;
    ev_timer_start(l->ev, &t->timer);
    return t;
}

void loop_timer_period(struct loop_timer *t, int64_t period_ms)
{
    t->timer.repeat = (double)period_ms / 1000;
    ev_timer_again(t->loop->ev, &t->timer);
}

void loop_timer_free(struct loop_timer *t)
{
    if (!t)
        return;
    ev_timer_stop(t->loop->ev, &t->timer);
    mem_free(t);
}

static void signal_arrived(struct ev_loop *ev, ev_signal *signal, int events)
{
    struct loop_signal *s = signal->data;
    (void)ev;
    (void)events;
    s->arrived(s->context, signal->signum);
}

struct loop_signal *loop_signal_new(struct loop *l, int number,
                                    void (*arrived)(void *context, int number), void *context)
{
    struct loop_signal *s = mem_zalloc(sizeof(*s));
    s->loop = l;
    s->arrived = arrived;
    s->context = context;
    ev_signal_init(&s->signal, signal_arrived, number);
    s->signal.data = s;
    ev_signal_start(l->ev, &s->signal);
    return s;
}

void loop_signal_free(struct loop_signal *s)
{
    if (!s)
        return;
    ev_signal_stop(s->loop->ev, &s->signal);
    mem_free(s);
}

static void wake_arrived(struct ev_loop *ev, ev_async *async, int events)
{
    struct loop_wake *w = async->data;
    (void)ev;
    (void)events;
    w->woken(w->context);
}

struct loop_wake *loop_wake_new(struct loop *l, void (*woken)(void *context), void *context)
{
    struct loop_wake *w = mem_zalloc(sizeof(*w));
    w->loop = l;
    w->woken = woken;
    w->context = context;
    ev_async_init(&w->async, wake_arrived);
    w->async.data = w;
    ev_async_start(l->ev, &w->async);
    return w;
}

void loop_wake_send(struct loop_wake *w)
{
    ev_async_send(w->loop->ev, &w->async);
}

void loop_wake_free(struct loop_wake *w)
{
    if (!w)
        return;
    ev_async_stop(w->loop->ev, &w->async);
    mem_free(w);
}
