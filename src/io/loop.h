/* The event loop: the only file that uses libev. Callbacks should only record what is ready; the
 * work is done by the phases of a turn. Descriptors are reported in the order in which they became
 * ready. */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_fd;
struct loop_timer;
struct loop_signal;
struct loop_wake;

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

struct loop *loop_new(void);
void loop_free(struct loop *l);
/* Waits for events (at most wait_ms; negative: without limit; 0: polls) and runs the callbacks. */
void loop_turn(struct loop *l, int64_t wait_ms);
/* To be called in a forked child, which must not use the loop afterwards. */
void loop_after_fork(struct loop *l);

struct loop_fd *loop_fd_new(struct loop *l, int fd, void (*ready)(void *context, int events),
                            void *context);
/* LOOP_ bits; 0: none. */
void loop_fd_want(struct loop_fd *w, int events);
void loop_fd_free(struct loop_fd *w);

/* Fires every period_ms. */
struct loop_timer *loop_timer_new(struct loop *l, int64_t period_ms, void (*due)(void *context),
                                  void *context);
void loop_timer_period(struct loop_timer *t, int64_t period_ms);
void loop_timer_free(struct loop_timer *t);

struct loop_signal *loop_signal_new(struct loop *l, int number,
                                    void (*arrived)(void *context, int number), void *context);
void loop_signal_free(struct loop_signal *s);

/* A wake-up that other threads may send. */
struct loop_wake *loop_wake_new(struct loop *l, void (*woken)(void *context), void *context);
void loop_wake_send(struct loop_wake *w);
void loop_wake_free(struct loop_wake *w);

#endif
