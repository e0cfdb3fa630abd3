/* Child processes that write files, or into a pipe. One line of work: fork, work, exit code. */
#ifndef IO_CHILD_H
#define IO_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/* Forks. In the child (returns 0) the process dies with its parent, has no signal handlers of the
 * server's and must end by child_exit(). It closes its copy of `lock` (-1: there is none) before
 * anything else: what the parent has locked is free once the parent is gone. In the parent: the
 * pid, or -errno. */
pid_t child_start(int lock);
_Noreturn void child_exit(int code);
/* A pipe from a child to its parent: ends[0] is read, without waiting, ends[1] is written. Both end
 * with exec(). 0 or -errno. */
int child_pipe(int ends[2]);
/* True when it has ended; *code is its exit code, *signal the signal that ended it or 0. Does not
 * block. */
bool child_ended(pid_t pid, int *code, int *signal);
/* Ends it and waits for that. */
void child_kill(pid_t pid);

#endif
