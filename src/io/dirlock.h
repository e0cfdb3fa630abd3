/* A lock on a directory, so that two processes do not use the same files: flock() of the directory
 * itself, which needs no write permission, leaves no file, and ends with the process in any case.
 * Advisory. All copies of the descriptor hold it, including those of forked children. */
#ifndef IO_DIRLOCK_H
#define IO_DIRLOCK_H

#include <stdbool.h>
#include <sys/types.h>

/* Does not block. Returns a descriptor, to be closed with file_close(); -EWOULDBLOCK: already
 * locked; another -errno: the file system has no locks, or there is no such directory. */
int dirlock_take(const char *path);
/* Whether the descriptor refers to that directory. */
bool dirlock_is_of(int fd, const char *path);
/* The process that holds the lock, by the system's list; 0: unknown. */
pid_t dirlock_holder(const char *path);

#endif
