#include "io/loop.h"

#include "unit.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static char order[16];

static void note(const char *name)
{
    if (strlen(order) < sizeof(order) - 1)
        strcat(order, name);
}

static void ready(void *context, int events)
{
    char c;
    const int *fd = context;
    note(events == LOOP_READ ? "r" : "w");
    if (read(*fd, &c, 1) == 1)
        order[strlen(order)] = c;
}

static void due(void *context)
{
    ++*(int *)context;
}

static void arrived(void *context, int number)
{
    *(int *)context = number;
}

/* Not in that of their numbers. */
TEST(descriptors_are_told_of_in_the_order_they_became_ready)
{
    struct loop *l = loop_new();
    int fds[3][2];
    struct loop_fd *w[3];
    memset(order, 0, sizeof(order));
    for (int i = 0; i < 3; i++) {
        CHECK(pipe(fds[i]) == 0);
        w[i] = loop_fd_new(l, fds[i][0], ready, &fds[i][0]);
        loop_fd_want(w[i], LOOP_READ);
    }
    loop_turn(l, 0);
    CHECK(order[0] == 0);
    CHECK(write(fds[2][1], "2", 1) == 1 && write(fds[0][1], "0", 1) == 1);
    CHECK(write(fds[1][1], "1", 1) == 1);
    loop_turn(l, 1000);
    CHECK(strcmp(order, "r2r0r1") == 0);
    loop_fd_want(w[0], 0);
    CHECK(write(fds[0][1], "0", 1) == 1);
    loop_turn(l, 0);
    CHECK(strcmp(order, "r2r0r1") == 0);
    for (int i = 0; i < 3; i++) {
        loop_fd_free(w[i]);
        close(fds[i][0]);
        close(fds[i][1]);
    }
    loop_free(l);
}

TEST(a_timer_comes_again)
{
    struct loop *l = loop_new();
    int n = 0;
    struct loop_timer *t = loop_timer_new(l, 1, due, &n);
    for (int i = 0; i < 1000 && n < 3; i++)
        loop_turn(l, 10);
    CHECK(n >= 3);
    loop_timer_period(t, 1000000);
    loop_turn(l, 0);
    int before = n;
    loop_turn(l, 5);
    CHECK(n == before);
    loop_timer_free(t);
    loop_free(l);
}

TEST(a_signal_arrives_in_a_turn)
{
    struct loop *l = loop_new();
    int number = 0;
    struct loop_signal *s = loop_signal_new(l, SIGUSR1, arrived, &number);
    raise(SIGUSR1);
    CHECK(number == 0);
    for (int i = 0; i < 100 && !number; i++)
        loop_turn(l, 10);
    CHECK(number == SIGUSR1);
    loop_signal_free(s);
    loop_free(l);
}

static void *send_wake(void *wake)
{
    loop_wake_send(wake);
    return NULL;
}

TEST(another_thread_wakes_it)
{
    struct loop *l = loop_new();
    int n = 0;
    pthread_t thread;
    struct loop_wake *w = loop_wake_new(l, due, &n);
    CHECK(pthread_create(&thread, NULL, send_wake, w) == 0);
    for (int i = 0; i < 100 && !n; i++)
        loop_turn(l, 100);
    CHECK(n == 1);
    pthread_join(thread, NULL);
    loop_wake_free(w);
    loop_free(l);
}

UNIT_MAIN(T(descriptors_are_told_of_in_the_order_they_became_ready), T(a_timer_comes_again),
          T(a_signal_arrives_in_a_turn), T(another_thread_wakes_it))
