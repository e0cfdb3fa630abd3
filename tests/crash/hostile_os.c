/* LD_PRELOAD: a wall clock that steps, a disk that takes seconds to sync or is full, forks that
 * fail. What is in force stands in the file that HOSTILE_OS_PAGE names (struct page), which the
 * test changes while the server runs. cc -shared -fPIC -o hostile_os.so hostile_os.c -ldl */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct page {
    int64_t clock_ms; /* added to the wall clock */
    int64_t sync_ms;  /* a sync takes so much longer */
    int64_t forks;    /* so many fail */
    int64_t syncs;    /* were begun */
    int64_t full;     /* writes to an increment fail */
};

static volatile struct page *page(void)
{
    static volatile struct page *p;
    static struct page kind;
    if (!p) {
        int fd = open(getenv("HOSTILE_OS_PAGE"), O_RDWR | O_CLOEXEC);
        void *m = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        p = m == MAP_FAILED ? &kind : m;
        close(fd);
    }
    return p;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int r = real(id, t);
    if (id == CLOCK_REALTIME && page()->clock_ms) {
        int64_t ms = page()->clock_ms;
        int64_t ns = t->tv_nsec + ms % 1000 * 1000000;
        t->tv_sec += ms / 1000 + (ns >= 1000000000) - (ns < 0);
        t->tv_nsec = ns + (ns < 0 ? 1000000000 : ns >= 1000000000 ? -1000000000 : 0);
    }
    return r;
}

#include "../support/clock_calls.h"

int fdatasync(int fd)
{
    static int (*real)(int);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
    __atomic_add_fetch(&page()->syncs, 1, __ATOMIC_SEQ_CST);
    for (int64_t ms = page()->sync_ms; ms > 0 && page()->sync_ms; ms -= 10)
        usleep(10000);
    return real(fd);
}

static int is_increment(int fd)
{
    char link[32], path[4096];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof(path) - 1);
    if (n < 0)
        return 0;
    path[n] = 0;
    return strstr(path, ".incr.aof") != NULL;
}

ssize_t write(int fd, const void *from, size_t n)
{
    static ssize_t (*real)(int, const void *, size_t);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "write");
    if (page()->full && is_increment(fd)) {
        errno = ENOSPC;
        return -1;
    }
    return real(fd, from, n);
}

pid_t fork(void)
{
    static pid_t (*real)(void);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "fork");
    if (page()->forks > 0) {
        __atomic_sub_fetch(&page()->forks, 1, __ATOMIC_SEQ_CST);
        errno = EAGAIN;
        return -1;
    }
    return real();
}
