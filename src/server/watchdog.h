/* watchdog-period: the stack of a turn that takes too long goes to the log. */
#ifndef SERVER_WATCHDOG_H
#define SERVER_WATCHDOG_H

/* Milliseconds; 0: no watching. */
void watchdog_set_period(long long ms);
/* Around what is watched; without a period they cost a comparison. */
void watchdog_begin(void);
void watchdog_end(void);

#endif
