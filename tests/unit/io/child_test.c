#include "io/child.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static bool ended(pid_t pid, int *code, int *number)
{
    for (int i = 0; i < 5000; i++) {
        if (child_ended(pid, code, number))
            return true;
        usleep(1000);
    }
    return false;
}

TEST(its_exit_code_is_told)
{
    int code, number;
    pid_t pid = child_start(-1);
    if (pid == 0)
        child_exit(7);
    CHECK(pid > 0 && ended(pid, &code, &number) && code == 7 && number == 0);
}

TEST(a_signal_that_ends_it_is_told)
{
    int code, number;
    pid_t pid = child_start(-1);
    if (pid == 0)
        for (;;)
            pause();
    CHECK(pid > 0 && !child_ended(pid, &code, &number));
    kill(pid, SIGTERM);
    CHECK(ended(pid, &code, &number) && code == 255 && number == SIGTERM);
}

static void handler(int number)
{
    (void)number;
}

/* The server's handlers do not run in it, Ctrl-C is the parent's to decide, the lock is free. */
TEST(it_starts_apart_from_its_parent)
{
    int code, number, lock = open("/dev/null", O_RDONLY);
    struct sigaction mine = {.sa_handler = handler}, old;
    sigaction(SIGTERM, &mine, &old);
    pid_t pid = child_start(lock);
    if (pid == 0) {
        struct sigaction term, interrupt;
        sigaction(SIGTERM, NULL, &term);
        sigaction(SIGINT, NULL, &interrupt);
        child_exit((term.sa_handler == SIG_DFL) | (interrupt.sa_handler == SIG_IGN) << 1 |
                   (fcntl(lock, F_GETFD) < 0) << 2);
    }
    CHECK(ended(pid, &code, &number) && code == 7 && number == 0);
    CHECK(fcntl(lock, F_GETFD) >= 0);
    sigaction(SIGTERM, &old, NULL);
    close(lock);
}

TEST(one_that_is_killed_is_gone)
{
    pid_t pid = child_start(-1);
    if (pid == 0)
        for (;;)
            pause();
    child_kill(pid);
    CHECK(kill(pid, 0) < 0); /* reaped */
}

TEST(what_it_writes_into_a_pipe_is_read_without_waiting)
{
    int ends[2], code, number;
    char text[8];
    CHECK(child_pipe(ends) == 0);
    CHECK(read(ends[0], text, sizeof(text)) == -1 && errno == EAGAIN);
    pid_t pid = child_start(-1);
    if (pid == 0)
        child_exit(write(ends[1], "abc", 3) == 3 ? 0 : 1);
    close(ends[1]);
    CHECK(pid > 0 && ended(pid, &code, &number) && code == 0);
    CHECK(read(ends[0], text, sizeof(text)) == 3 && read(ends[0], text, sizeof(text)) == 0);
    close(ends[0]);
}

UNIT_MAIN(T(what_it_writes_into_a_pipe_is_read_without_waiting), T(its_exit_code_is_told),
          T(a_signal_that_ends_it_is_told), T(it_starts_apart_from_its_parent),
          T(one_that_is_killed_is_gone))
