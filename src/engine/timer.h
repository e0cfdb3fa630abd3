/* Timers: what has to happen at a moment, to the millisecond. The node is a member of what waits
 * for it; its callback only notes what is due, or does work that takes the same time however much
 * there is. Work with a budget is done by its owner's phase of the turn.
 *
 * There are two clocks. Intervals (timeouts, pauses) go by the steady clock. Dates (what is due at
 * a time of day) go by the wall clock as each turn reads it: when that clock is set forward, dates
 * that were jumped over are due at once; when it is set back, they wait again. */
#ifndef ENGINE_TIMER_H
#define ENGINE_TIMER_H

#include "ds/heap.h"

#include <stdbool.h>

enum timer_clock { TIMER_STEADY, TIMER_WALL, TIMER_CLOCKS };

/* Zeroed: not set. */
struct timer {
    struct heap_node node;
    void (*due)(struct timer *timer);
    enum timer_clock clock; /* that it was set by */
};

/* Zero-initialised is empty and valid. */
struct timers {
    struct heap by_clock[TIMER_CLOCKS];
};

/* Calls due(timer) once, in the first turn at or after at_ms. A timer that is set already moves. */
void timer_set(struct timers *all, struct timer *timer, enum timer_clock clock, int64_t at_ms,
               void (*due)(struct timer *timer));
/* Of one that is not set: nothing. */
void timer_stop(struct timers *all, struct timer *timer);
static inline bool timer_is_set(const struct timer *timer)
{
    return timer->node.place != 0;
}
/* How long a turn may sleep at most; 0: something is due; -1: no timer is set. */
int64_t timer_sleep_ms(const struct timers *all, int64_t steady_ms, int64_t wall_ms);
/* Calls back for what is due, the earliest first: at most as many calls as timers are set when it
 * begins. A callback may set and stop any timer. */
void timer_run(struct timers *all, int64_t steady_ms, int64_t wall_ms);
/* All timers have been stopped. */
void timer_free(struct timers *all);

#endif
