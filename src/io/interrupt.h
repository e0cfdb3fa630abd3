/* Lets a second Ctrl-C end the process at once while something long blocks the loop. */
#ifndef IO_INTERRUPT_H
#define IO_INTERRUPT_H

/* Until interrupt_disarm() a SIGINT removes the file at path (shorter than 100 bytes) and exits
 * with 1. Does not nest. */
void interrupt_arm(const char *path);
void interrupt_disarm(void);

#endif
