/* A lock on a directory, so that two processes do not take the same files for their own: flock() of
 * the directory itself, which needs no right to write there, leaves nothing behind, and ends with
 * the process however that ends. Advisory: it binds those who ask. All copies of the descriptor
 * hold it, also those of forked children. */
#ifndef IO_DIRLOCK_H
#define IO_DIRLOCK_H

#include <stdbool.h>
#include <sys/types.h>

/* Does not wait. The descriptor, to be closed with file_close(); -EWOULDBLOCK: somebody has it;
 * another -errno: this file system knows no locks, or there is no such directory. */
int dirlock_take(const char *path);
/* Whether the descriptor is that directory. */
bool dirlock_is_of(int fd, const char *path);
/* The process that has the lock, as the system lists it; 0: it does not say. */
pid_t dirlock_holder(const char *path);

#endif
