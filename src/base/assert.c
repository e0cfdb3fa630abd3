#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool exits;
static void (*report_failure)(const char *condition, const char *file, int line);

void assert_set_report(void (*report)(const char *condition, const char *file, int line))
{
    report_failure = report;
}

void assert_set_exit(bool on)
{
    exits = on;
}

_Noreturn void assert_failed(const char *condition, const char *file, int line)
{
    if (report_failure)
        report_failure(condition, file, line);
    else
        fprintf(stderr, "ASSERTION FAILED %s:%d: %s\n", file, line, condition);
    if (exits)
        _exit(1);
    abort();
}
