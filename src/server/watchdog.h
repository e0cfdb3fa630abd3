/* watchdog-period: logs the stack of a turn that takes too long. */
#ifndef SERVER_WATCHDOG_H
#define SERVER_WATCHDOG_H

/* Milliseconds; 0: off. */
void watchdog_set_period(long long ms);
/* Around the work of a turn. They cost a comparison while the watchdog is off. */
void watchdog_begin(void);
void watchdog_end(void);

#endif
