/* gettimeofday() and time() by clock_gettime(), for libraries that are loaded in front of others
 * (LD_PRELOAD) and have a clock_gettime() of their own: include it behind that. */
#ifndef TESTS_CLOCK_CALLS_H
#define TESTS_CLOCK_CALLS_H

#include <sys/time.h>
#include <time.h>

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *t = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *t)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (t)
        *t = now.tv_sec;
    return now.tv_sec;
}

#endif
