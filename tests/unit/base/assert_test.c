#include "base/assert.h"

#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int told[2]; /* a pipe: what the child reports */

static void report(const char *condition, const char *file, int line)
{
    char text[200];
    int n = snprintf(text, sizeof(text), "%s %d %s", condition, line > 0, strrchr(file, '/') + 1);
    if (write(told[1], text, (size_t)n) != n)
        _exit(9);
}

/* How a process ends in which a condition does not hold. */
static int end_of(bool condition, bool exits, void (*hook)(const char *, const char *, int))
{
    int status = -1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(9);
        signal(SIGABRT, SIG_DFL);
        assert_set_report(hook);
        assert_set_exit(exits);
        ASSERT(condition);
        _exit(7);
    }
    waitpid(child, &status, 0);
    return status;
}

TEST(what_holds_costs_nothing)
{
    int status = end_of(true, false, NULL);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

TEST(what_does_not_hold_ends_the_process)
{
    int status = end_of(false, false, NULL);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    status = end_of(false, true, NULL);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

TEST(the_report_is_told_what_and_where)
{
    char text[200] = "";
    CHECK(pipe(told) == 0);
    int status = end_of(false, true, report);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    CHECK(read(told[0], text, sizeof(text) - 1) > 0);
    CHECK(strcmp(text, "condition 1 assert_test.c") == 0);
    close(told[0]);
    close(told[1]);
}

UNIT_MAIN(T(what_holds_costs_nothing), T(what_does_not_hold_ends_the_process),
          T(the_report_is_told_what_and_where))
