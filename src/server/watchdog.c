#include "server/watchdog.h"

#include "base/log.h"

#include <execinfo.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static long long period_ms;

static void say(int fd, const char *text)
{
    ssize_t n = write(fd, text, strlen(text));
    (void)n;
}

static void expired(int number, siginfo_t *info, void *context)
{
    void *trail[64];
    int fd = log_raw_fd();
    (void)number;
    (void)context;
    if (fd < 0)
        return;
    say(fd, info->si_code == SI_USER ? "\n--- RECEIVED SIGALRM ---\n"
                                     : "\n--- WATCHDOG TIMER EXPIRED ---\n");
    backtrace_symbols_fd(trail, backtrace(trail, 64), fd);
    say(fd, "--------\n");
    if (fd != STDOUT_FILENO)
        close(fd);
}

static void set_timer(long long ms)
{
    struct itimerval t = {.it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};
    setitimer(ITIMER_REAL, &t, NULL);
}

void watchdog_set_period(long long ms)
{
    struct sigaction a = {.sa_sigaction = expired, .sa_flags = SA_SIGINFO | SA_RESTART};
    void *warm[1];
    backtrace(warm, 1); /* loads what it needs outside of the handler */
    sigaction(SIGALRM, &a, NULL);
    set_timer(0);
    period_ms = ms;
}

void watchdog_begin(void)
{
    if (__builtin_expect(period_ms != 0, 0))
        set_timer(period_ms);
}

void watchdog_end(void)
{
    if (__builtin_expect(period_ms != 0, 0))
        set_timer(0);
}
