/* The one reader of clocks. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Wall clock: milliseconds and microseconds since 1970. */
int64_t clock_wall_ms(void);
int64_t clock_wall_us(void);
/* Milliseconds that grow evenly, from what the wall clock showed at the first call on: for
 * durations and timeouts, which a step of the wall clock must not touch. */
int64_t clock_steady_ms(void);
/* Monotonic microseconds from an arbitrary start. */
int64_t clock_mono_us(void);
/* The cycle counter, a few nanoseconds a reading; clock_ticks_per_us() calibrates it. */
static inline uint64_t clock_ticks(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return (uint64_t)clock_mono_us() * 1000;
#endif
}
/* Measured between the first call and this one, better with time. */
double clock_ticks_per_us(void);

/* CPU time that this thread has used. Cost: a system call. */
int64_t clock_thread_us(void);

/* For tests that need something to take long: sleeps us microseconds; negative: a microsecond each
 * -us-th time; 0: not at all. */
void clock_delay(int64_t us, uint64_t count);

#endif
