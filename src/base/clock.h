/* The only place that reads clocks. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Unix time in milliseconds and microseconds. */
int64_t clock_wall_ms(void);
int64_t clock_wall_us(void);
/* Monotonic milliseconds that begin with the wall clock's at the first call: for durations and
 * timeouts, which steps of the wall clock must not affect. */
int64_t clock_steady_ms(void);
/* Monotonic microseconds from an arbitrary start. */
int64_t clock_mono_us(void);
/* The CPU's cycle counter, read in a few nanoseconds; clock_ticks_per_us() calibrates it. */
static inline uint64_t clock_ticks(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return (uint64_t)clock_mono_us() * 1000;
#endif
}
/* Measured since the first call, hence more accurate later. Once it was exact, a tenth of a
 * second after that call, it does not grow (unless the counter runs faster than it did): a sum of
 * ticks, in microseconds, must not fall while nothing is added.
 */
double clock_ticks_per_us(void);

/* CPU time used by this thread. Cost: a system call. */
int64_t clock_thread_us(void);

/* For tests that need slow operations: sleeps us microseconds; negative: a microsecond if count is
 * divisible by -us; 0: never. */
void clock_delay(int64_t us, uint64_t count);

#endif
