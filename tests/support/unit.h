/* The smallest frame for unit tests: TEST(name) { ... CHECK(x); } and UNIT_MAIN(...). A program
 * prints one line a test, "ok name" or "not ok name: why", and fails when one failed. A test gives
 * back all memory that it took and closes its files. Of one that ends with more it is not known
 * whether that is a first time's (a table made once, a thread of the test's own): it runs again,
 * and what it keeps each time is a leak. */
#ifndef SUPPORT_UNIT_H
#define SUPPORT_UNIT_H

#include "base/mem.h"

#include <poll.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#ifdef MILLRACE_JEMALLOC
/* Without caches of the threads the allocator's sum is exact. */
extern const char *malloc_conf;
const char *malloc_conf = "tcache:false";
#endif

/* Sanitizers make everything slow: there what chance decides is tried a fifth as often, and another
 * fifth with each SEED (of tests/run.py). */
#ifdef __SANITIZE_ADDRESS__
#define UNIT_SHARES 5
#else
#define UNIT_SHARES 1
#endif

#define UNIT_RUNS     4    /* of a test that ends with more than it began with */
#define UNIT_WAIT_MS  3000 /* for threads and what they hold, before a test fails */
#define UNIT_PAUSE_MS 100  /* the same, before it runs again */
#define UNIT_FILES    256  /* descriptors that are looked at */

static jmp_buf unit_out;

/* Which of the UNIT_SHARES it is. */
static inline unsigned unit_share(void)
{
    const char *seed = getenv("SEED");
    return (unsigned)((seed ? strtoull(seed, NULL, 10) : 0) % UNIT_SHARES);
}

#define TEST(name) static void name(void)
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("not ok %s:%d: %s\n", __FILE__, __LINE__, #condition);                          \
            longjmp(unit_out, 1);                                                                  \
        }                                                                                          \
    } while (0)

struct unit_test {
    const char *name;
    void (*run)(void);
};

struct unit_held {
    size_t bytes;
    int files;
};

static struct unit_held unit_held(void)
{
    struct unit_held held = {.bytes = mem_used()};
    struct pollfd all[UNIT_FILES];
    for (int fd = 0; fd < UNIT_FILES; fd++)
        all[fd] = (struct pollfd){.fd = fd};
    poll(all, UNIT_FILES, 0);
    for (int fd = 0; fd < UNIT_FILES; fd++)
        held.files += !(all[fd].revents & POLLNVAL);
    return held;
}

static bool unit_is_more(struct unit_held a, struct unit_held b)
{
    return a.bytes > b.bytes || a.files > b.files;
}

/* Threads of this process. */
static int unit_threads(void)
{
    struct stat s;
    return stat("/proc/self/task", &s) == 0 ? (int)s.st_nlink - 2 : 0;
}

/* Threads that a test has let go end by themselves, and give back what they hold. Some stay: a
 * pool's. */
static struct unit_held unit_settled(struct unit_held before, int threads, int most_ms)
{
    struct unit_held after = unit_held();
    for (int i = 0; i < most_ms && unit_is_more(after, before) && unit_threads() > threads; i++) {
        poll(NULL, 0, 1);
        after = unit_held();
    }
    return after;
}

/* Whether it keeps something each time. What it keeps the first times may be what the process keeps
 * for good. */
static bool unit_leaks(const struct unit_test *test)
{
    struct unit_held before, after;
    for (int i = 0; i < UNIT_RUNS; i++) {
        int threads = unit_threads();
        before = unit_held();
        test->run();
        after = unit_settled(before, threads, UNIT_PAUSE_MS);
        if (!unit_is_more(after, before))
            return false;
    }
    after = unit_settled(before, 0, UNIT_WAIT_MS);
    if (unit_is_more(after, before))
        printf("not ok %s: keeps %lld bytes and %d open files each time\n", test->name,
               (long long)after.bytes - (long long)before.bytes, after.files - before.files);
    return unit_is_more(after, before);
}

static int unit_run(const struct unit_test *tests, int n)
{
    volatile int failed = 0;
    for (volatile int i = 0; i < n; i = i + 1) {
        if (setjmp(unit_out) == 0) {
            bool leaks = unit_leaks(&tests[i]);
            if (!leaks)
                printf("ok %s\n", tests[i].name);
            failed = failed + leaks;
        } else {
            failed = failed + 1;
        }
        fflush(stdout);
    }
    return failed != 0;
}

#define T(name)                                                                                    \
    {                                                                                              \
#name, name                                                                                \
    }
#define UNIT_MAIN(...)                                                                             \
    int main(void)                                                                                 \
    {                                                                                              \
        static const struct unit_test tests[] = {__VA_ARGS__};                                     \
        return unit_run(tests, (int)(sizeof(tests) / sizeof(tests[0])));                           \
    }

#endif
