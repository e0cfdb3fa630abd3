/* Child processes that write files, or into a pipe: fork, work, exit code. */
#ifndef IO_CHILD_H
#define IO_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/* Forks. Returns 0 in the child, which dies with its parent, has none of the server's signal
 * handlers and must end by child_exit(). It first closes its copy of `lock` (-1: none), so that the
 * parent's lock ends with the parent. Returns the pid, or -errno, in the parent. */
pid_t child_start(int lock);
_Noreturn void child_exit(int code);
/* Makes a pipe from a child to its parent: ends[0] is for reading, non-blocking, ends[1] for
 * writing. Both are close-on-exec. 0 or -errno. */
int child_pipe(int ends[2]);
/* True: it has ended; *code is its exit code, *signal the signal that ended it or 0. Does not
 * block. */
bool child_ended(pid_t pid, int *code, int *signal);
/* Kills it and waits for its end. */
void child_kill(pid_t pid);

#endif
