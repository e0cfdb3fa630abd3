/* The lock on the directory of the data: who writes files there has it, the server for life, the
 * check tools while they change something. Taken before the first file is read. */
#ifndef SERVER_DATA_LOCK_H
#define SERVER_DATA_LOCK_H

#include <stdbool.h>
#include <stddef.h>

/* False: another process has it, or there is no such directory; the log names the process. True:
 * *fd is the lock, or -1 where the file system knows no locks (the log says so). */
bool data_lock_take(const char *directory, int *fd);
/* Before a server moves: the lock of another directory while `held` is kept, to be closed by the
 * caller: one of them. `held` itself when that is the directory's. False: *why says why not (valid
 * until the next call). */
bool data_lock_take_next(int held, const char *directory, int *fd, const char **why);
/* "process 17", or what is known instead. */
void data_lock_name_holder(const char *directory, char *to, size_t n);

#endif
