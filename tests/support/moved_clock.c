/* A library to be loaded in front of others (LD_PRELOAD): the clocks of the process go as they do,
 * but so many seconds later as the file MOVED_CLOCK says, whose 8 bytes are one number and may be
 * changed at any moment. A week passes in as many steps as a test wants. Clocks that only go on
 * begin far from 0, so that they may be put back before the process begins. Times of the processor
 * are left as they are. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FAR 100000000

static const volatile int64_t *seconds;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("MOVED_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *page = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*seconds), PROT_READ, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED)
        abort();
    seconds = page;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    int result = (int)syscall(SYS_clock_gettime, id, t);
    if (result == 0 && seconds && id != CLOCK_PROCESS_CPUTIME_ID && id != CLOCK_THREAD_CPUTIME_ID)
        t->tv_sec += *seconds + (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE ? 0 : FAR);
    return result;
}

#include "clock_calls.h"
