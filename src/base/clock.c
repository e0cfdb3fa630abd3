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

double clock_ticks_per_us(void)
{
    static uint64_t first_ticks;
    static int64_t first_us;
    if (first_us == 0) {
        first_us = clock_mono_us();
        first_ticks = clock_ticks();
    }
    /* In less than a millisecond, reading the clocks itself would distort the result. */
    int64_t us = clock_mono_us() - first_us;
    while (us < 1000)
        us = clock_mono_us() - first_us;
    return (double)(clock_ticks() - first_ticks) / (double)us;
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
