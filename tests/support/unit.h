/* The smallest frame for unit tests: TEST(name) { ... CHECK(x); } and UNIT_MAIN(...). A program
 * prints one line a test, "ok name" or "not ok name: why", and fails when one failed. A test gives
 * back all memory that it took. Of one that ends with more in use it is not known whether that is a
 * first time's (a table made once, a thread of the test's own): it runs again, and what it keeps
 * each time is a leak. */
#ifndef SUPPORT_UNIT_H
#define SUPPORT_UNIT_H

#include "base/mem.h"

#include <setjmp.h>
#include <stdio.h>

#ifdef MILLRACE_JEMALLOC
/* Without caches of the threads the allocator's sum is exact. */
extern const char *malloc_conf;
const char *malloc_conf = "tcache:false";
#endif

#define UNIT_RUNS 3 /* of a test that ends with more memory than it began with */

static jmp_buf unit_out;

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

/* The bytes that it keeps each time. */
static size_t unit_kept(const struct unit_test *test)
{
    size_t kept = 0, before, after;
    for (int i = 0; i < UNIT_RUNS; i++) {
        before = mem_used();
        test->run();
        after = mem_used();
        if (after <= before)
            return 0;
        kept = after - before;
    }
    return kept;
}

static int unit_run(const struct unit_test *tests, int n)
{
    volatile int failed = 0;
    for (volatile int i = 0; i < n; i = i + 1) {
        if (setjmp(unit_out) == 0) {
            size_t kept = unit_kept(&tests[i]);
            if (kept)
                printf("not ok %s: keeps %zu bytes each time\n", tests[i].name, kept);
            else
                printf("ok %s\n", tests[i].name);
            failed = failed + (kept != 0);
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
