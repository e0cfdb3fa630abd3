/* Assertions, always on. A failed one is our mistake: it is logged with its place and the process
 * stops by SIGABRT, so that the crash report (server/crash.c) follows. Knows nothing else. */
#ifndef BASE_ASSERT_H
#define BASE_ASSERT_H

#include <stdbool.h>

#define ASSERT(condition)                                                                          \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0))                                                     \
            assert_failed(#condition, __FILE__, __LINE__);                                         \
    } while (0)

/* For places that cannot be reached. */
#define UNREACHABLE() assert_failed("unreachable", __FILE__, __LINE__)

_Noreturn void assert_failed(const char *condition, const char *file, int line);

/* Called with the failed condition before the process stops; NULL: print to stderr only. */
void assert_set_report(void (*report)(const char *condition, const char *file, int line));

/* The process ends by exit code 1 instead of SIGABRT. */
void assert_set_exit(bool exits);

#endif
