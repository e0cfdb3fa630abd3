/* Timers in milliseconds. A timer is a member of the struct that waits for it. Its callback only
 * notes what is due, or works in constant time; work with a budget belongs to a phase of the turn.
 *
 * There are two clocks. Intervals (timeouts, pauses) use the steady clock. Dates use the wall clock
 * as each turn reads it: if that is set forward, skipped dates are due at once; if it is set back,
 * they wait again. */
#ifndef ENGINE_TIMER_H
#define ENGINE_TIMER_H

#include "ds/heap.h"

#include <stdbool.h>

enum timer_clock { TIMER_STEADY, TIMER_WALL, TIMER_CLOCKS };

/* Zeroed: not set. */
struct timer {
    struct heap_node node;
    void (*due)(struct timer *timer);
    enum timer_clock clock; /* it was set by */
};

/* Zero-initialised is empty and valid. */
struct timers {
    struct heap by_clock[TIMER_CLOCKS];
};

/* Calls due(timer) once, in the first turn at or after at_ms. A timer already set is moved. */
void timer_set(struct timers *all, struct timer *timer, enum timer_clock clock, int64_t at_ms,
               void (*due)(struct timer *timer));
/* Does nothing if it is not set. */
void timer_stop(struct timers *all, struct timer *timer);
static inline bool timer_is_set(const struct timer *timer)
{
    return timer->node.place != 0;
}
/* How long a turn may sleep at most; 0: a timer is due; -1: none is set. */
int64_t timer_sleep_ms(const struct timers *all, int64_t steady_ms, int64_t wall_ms);
/* Calls what is due, the earliest first; at most as many calls as timers were set at the beginning.
 * Callbacks may set and stop any timer. */
void timer_run(struct timers *all, int64_t steady_ms, int64_t wall_ms);
/* All timers must have been stopped. */
void timer_free(struct timers *all);

#endif
