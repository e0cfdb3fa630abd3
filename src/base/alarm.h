/* One alarm of the process: a signal to the thread that made it, some time after it was armed. For
 * what must interrupt code that does not come back by itself (a script's endless loop). */
#ifndef BASE_ALARM_H
#define BASE_ALARM_H

#include <stdint.h>

/* rang() runs in a signal handler of the calling thread: it may do what is safe there, no more. */
void alarm_make(void (*rang)(void));
/* Rings once, after that many microseconds. Cost: a system call. */
void alarm_arm(int64_t after_us);

#endif
