/* The lock on the directory of the data: who writes files there has it, the server for life, the
 * check tools while they change something. Taken before the first file is read. */
#ifndef SERVER_DATA_LOCK_H
#define SERVER_DATA_LOCK_H

#include <stdbool.h>
#include <stddef.h>

struct data_lock {
    int fd; /* -1: none */
};

/* False: another process has it, or there is no such directory; the log names the process. True: it
 * is taken; or there is none where the file system knows no locks (the log says so). */
bool data_lock_take(const char *directory, struct data_lock *lock);
/* Before a server moves: the lock of another directory while `held` is kept; the caller releases
 * one of them. *next is `held` itself when that is the directory's. False: *why says why not (valid
 * until the next call). */
bool data_lock_take_next(const struct data_lock *held, const char *directory,
                         struct data_lock *next, const char **why);
void data_lock_release(struct data_lock *lock);
/* "process 17", or what is known instead. */
void data_lock_name_holder(const char *directory, char *to, size_t n);

#endif
