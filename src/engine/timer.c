#include "engine/timer.h"

#include "base/assert.h"
#include "ds/dlist.h"

/* The longest that a change of the wall clock, for which there is no event, goes unnoticed. */
#define WALL_SLEEP_MS 1000

void timer_set(struct timers *all, struct timer *timer, enum timer_clock clock, int64_t at_ms,
               void (*due)(struct timer *timer))
{
    timer_stop(all, timer);
    timer->due = due;
    timer->clock = clock;
    heap_insert(&all->by_clock[clock], &timer->node, at_ms);
}

void timer_stop(struct timers *all, struct timer *timer)
{
    if (timer_is_set(timer))
        heap_remove(&all->by_clock[timer->clock], &timer->node);
    ASSERT(!timer_is_set(timer));
}

static int64_t left_ms(const struct heap *h, int64_t now_ms)
{
    const struct heap_node *n = heap_first(h);
    if (!n)
        return -1;
    return n->at > now_ms ? n->at - now_ms : 0;
}

int64_t timer_sleep_ms(const struct timers *all, int64_t steady_ms, int64_t wall_ms)
{
    int64_t steady = left_ms(&all->by_clock[TIMER_STEADY], steady_ms),
            wall = left_ms(&all->by_clock[TIMER_WALL], wall_ms);
    if (wall > WALL_SLEEP_MS)
        wall = WALL_SLEEP_MS;
    if (steady < 0 || wall < 0)
        return steady < 0 ? wall : steady;
    return steady < wall ? steady : wall;
}

/* Bounded by the number of timers at the start, so a callback that sets its own timer to now cannot
 * loop forever. */
static void run(struct heap *h, int64_t now_ms)
{
    for (size_t most = h->n; most > 0; most--) {
        struct heap_node *n = heap_first(h);
        if (!n || n->at > now_ms)
            break;
        heap_remove(h, n);
        ASSERT(n->place == 0);
        struct timer *t = dlist_item(n, struct timer, node);
        t->due(t);
    }
}

void timer_run(struct timers *all, int64_t steady_ms, int64_t wall_ms)
{
    run(&all->by_clock[TIMER_STEADY], steady_ms);
    run(&all->by_clock[TIMER_WALL], wall_ms);
}

void timer_free(struct timers *all)
{
    for (int i = 0; i < TIMER_CLOCKS; i++) {
        ASSERT(all->by_clock[i].n == 0);
        heap_free(&all->by_clock[i]);
    }
}
