/* A second Ctrl-C while something long blocks the loop: the process ends at once. */
#ifndef IO_INTERRUPT_H
#define IO_INTERRUPT_H

/* From here to interrupt_disarm() a SIGINT removes the file at path (shorter than 100 bytes) and
 * ends the process with 1. At most one at a time. */
void interrupt_arm(const char *path);
void interrupt_disarm(void);

#endif
