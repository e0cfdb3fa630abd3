/* The process's single alarm timer: sends a signal to the thread that made it, some time after it
 * was armed. Interrupts code that may not return by itself (an endless loop of a script). */
#ifndef BASE_ALARM_H
#define BASE_ALARM_H

#include <stdint.h>

/* handler() runs in a signal handler of the calling thread and must be async-signal-safe. */
void alarm_make(void (*handler)(void));
/* Calls handler() once after that many microseconds. Cost: a system call. */
void alarm_arm(int64_t after_us);

#endif
