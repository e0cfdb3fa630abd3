/* Assertions, always enabled. A failed one is a bug: it is logged with its location, and the
 * process is stopped by SIGABRT, which produces the crash report (server/crash.c). */
#ifndef BASE_ASSERT_H
#define BASE_ASSERT_H

#include <stdbool.h>

#define ASSERT(condition)                                                                          \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0))                                                     \
            assert_failed(#condition, __FILE__, __LINE__);                                         \
    } while (0)

/* For unreachable code. */
#define UNREACHABLE() assert_failed("unreachable", __FILE__, __LINE__)

_Noreturn void assert_failed(const char *condition, const char *file, int line);

/* Called with the failed condition before the process stops; NULL: print to stderr only. */
void assert_set_report(void (*report)(const char *condition, const char *file, int line));

/* Whether to exit with code 1 instead of SIGABRT. */
void assert_set_exit(bool exits);

#endif
