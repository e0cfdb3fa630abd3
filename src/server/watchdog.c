#include "server/watchdog.h"

#include "base/log.h"

#include <execinfo.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define SIGNAL SIGVTALRM /* SIGALRM is used by scripts (base/alarm.h) */

static long long period_ms;
static timer_t timer;
static bool has_timer;

static void say(int fd, const char *text)
{
    ssize_t n = write(fd, text, strlen(text));
    (void)n;
}

static void expired(int number)
{
    void *trail[64];
    int fd = log_raw_fd();
    (void)number;
    if (fd < 0)
        return;
    say(fd, "\n--- WATCHDOG TIMER EXPIRED ---\n");
    backtrace_symbols_fd(trail, backtrace(trail, 64), fd);
    say(fd, "--------\n");
    if (fd != STDOUT_FILENO)
        close(fd);
}

static void set_timer(long long ms)
{
    struct itimerspec t = {.it_value = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}};
    timer_settime(timer, 0, &t, NULL);
}

static bool make_timer(void)
{
    struct sigaction a = {.sa_handler = expired, .sa_flags = SA_RESTART};
    struct sigevent e = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGNAL};
    void *warm[1];
    backtrace(warm, 1); /* loads what it needs outside of a handler */
    sigaction(SIGNAL, &a, NULL);
    e.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
    return timer_create(CLOCK_MONOTONIC, &e, &timer) == 0;
}

void watchdog_set_period(long long ms)
{
    if (ms && !has_timer && !(has_timer = make_timer())) {
        log_line(LOG_WARNING, "watchdog-period: cannot create a timer");
        return;
    }
    if (has_timer)
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
