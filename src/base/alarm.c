#include "base/alarm.h"

#include "base/assert.h"

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static timer_t timer;
static void (*handle)(void);

static void on_signal(int number)
{
    (void)number;
    handle();
}

void alarm_make(void (*handler)(void))
{
    handle = handler;
    struct sigaction a = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &a, NULL);
    struct sigevent e = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM};
    e.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
    int error = timer_create(CLOCK_MONOTONIC, &e, &timer);
    ASSERT(error == 0);
}

void alarm_arm(int64_t after_us)
{
    ASSERT(handle && after_us > 0); /* 0 would disarm it */
    struct itimerspec t = {
        .it_value = {.tv_sec = after_us / 1000000, .tv_nsec = after_us % 1000000 * 1000}};
    timer_settime(timer, 0, &t, NULL);
}
