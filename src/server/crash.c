#include "server/crash.h"

#include "base/assert.h"
#include "base/log.h"
#include "server/version.h"

#include <execinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void say(int fd, const char *text)
{
    ssize_t n = write(fd, text, strlen(text));
    (void)n;
}

static void report(int number, siginfo_t *info, void *context)
{
    char line[160];
    void *trail[64];
    (void)context;
    int fd = log_raw_fd();
    snprintf(line, sizeof(line),
             "\n\n=== REDIS BUG REPORT START: Cut & paste starting from here "
             "===\nMillrace " VERSION_MILLRACE " crashed by signal: %d, "
             "si_code: %d\n",
             number, info->si_code);
    say(fd, line);
    if (number != SIGABRT) {
        snprintf(line, sizeof(line), "Accessing address: %p\n", info->si_addr);
        say(fd, line);
    }
    say(fd, "\n------ STACK TRACE ------\n");
    backtrace_symbols_fd(trail, backtrace(trail, 64), fd);
    say(fd, "\n=== REDIS BUG REPORT END. ===\n");
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigaction(number, &plain, NULL);
    kill(getpid(), number);
}

static void assertion(const char *condition, const char *file, int line)
{
    log_line(LOG_WARNING, "=== ASSERTION FAILED ===");
    log_line(LOG_WARNING, "==> %s:%d '%s' is not true", file, line, condition);
}

void crash_install(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    struct sigaction a = {.sa_sigaction = report,
                          .sa_flags = (int)(SA_NODEFER | SA_RESETHAND | SA_SIGINFO)};
    void *warm[1];
    backtrace(warm, 1); /* loads what it needs while memory is sound */
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        sigaction(numbers[i], &a, NULL);
    assert_set_report(assertion);
}
