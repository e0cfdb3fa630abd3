/* LD_PRELOAD: the clocks of a server show what a test says. STEPPED_CLOCK names a file of three
 * numbers, 8 bytes each: the wall clock in microseconds, whether it stands still, and the monotonic
 * clock. While they do not (the server starts, and measures a millisecond before all else), they go
 * on by a microsecond whenever one is looked at, and stop within the second millisecond: so all
 * that a start does happens at one moment, however long it takes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct page {
    int64_t wall_us, stands, mono_us;
};

#define CREEP_MOST_US 1990

static volatile struct page *page;
static int (*real)(clockid_t, struct timespec *);
static _Atomic int64_t crept_us;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("STEPPED_CLOCK");
    int fd = path ? open(path, O_RDWR) : -1;
    *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    if (fd < 0)
        return;
    void *p = mmap(NULL, sizeof(struct page), PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    page = p == MAP_FAILED ? NULL : p;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    if (!page || (id != CLOCK_REALTIME && id != CLOCK_MONOTONIC))
        return real ? real(id, t) : -1;
    int64_t us = id == CLOCK_MONOTONIC ? page->mono_us : page->wall_us;
    if (!page->stands)
        us += crept_us < CREEP_MOST_US ? ++crept_us : CREEP_MOST_US; /* threads: by a few more */
    t->tv_sec = us / 1000000;
    t->tv_nsec = us % 1000000 * 1000;
    return 0;
}
