#include "base/clock.h"

#include <errno.h>
#include <time.h>

int64_t clock_wall_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
    return clock_wall_us() / 1000;
}

int64_t clock_mono_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_steady_ms(void)
{
    static int64_t start_ms;
    int64_t mono_ms = clock_mono_us() / 1000;
    if (start_ms == 0)
        start_ms = clock_wall_ms() - mono_ms;
    return start_ms + mono_ms;
}

#define EXACT_US   5      /* between the two readings that enclose one of the counter */
#define SETTLED_US 100000 /* of measuring: the error is below 1/10,000 then */
#define CHANGED    1.001  /* a counter that runs so much faster is another one, after a migration */

double clock_ticks_per_us(void)
{
    static uint64_t first_ticks;
    static int64_t first_us;
    static double least;
    uint64_t ticks;
    int64_t before, us;
    if (first_us == 0) {
        first_us = clock_mono_us();
        first_ticks = clock_ticks();
    }
    /* In less than a millisecond, reading the clocks itself would distort the result. */
    do {
        before = clock_mono_us();
        ticks = clock_ticks();
        us = clock_mono_us();
    } while (us - first_us < 1000);
    double now = (double)(ticks - first_ticks) / (double)(us - first_us);
    if (us - first_us < SETTLED_US)
        return now;
    if (us - before <= EXACT_US && (least == 0 || now < least || now > least * CHANGED))
        least = now;
    return least != 0 ? least : now;
}

int64_t clock_thread_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void clock_delay(int64_t us, uint64_t count)
{
    if (us == 0 || (us < 0 && count % (uint64_t)-us))
        return;
    int64_t n = us > 0 ? us : 1;
    struct timespec left = {.tv_sec = n / 1000000, .tv_nsec = n % 1000000 * 1000};
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        continue;
}
