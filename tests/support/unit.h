/* The smallest frame for unit tests: TEST(name) { ... CHECK(x); } and UNIT_MAIN(...). A program
 * prints one line a test, "ok name" or "not ok name: why", and fails when one failed. */
#ifndef SUPPORT_UNIT_H
#define SUPPORT_UNIT_H

#include <setjmp.h>
#include <stdio.h>

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

static int unit_run(const struct unit_test *tests, int n)
{
    volatile int failed = 0;
    for (volatile int i = 0; i < n; i = i + 1) {
        if (setjmp(unit_out) == 0) {
            tests[i].run();
            printf("ok %s\n", tests[i].name);
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
