/* The lock on the data directory. Whoever writes files there holds it: a server for its lifetime,
 * the check tools while they change something. It is taken before the first file is read. */
#ifndef SERVER_DATA_LOCK_H
#define SERVER_DATA_LOCK_H

#include <stdbool.h>
#include <stddef.h>

struct data_lock {
    int fd; /* -1: none */
};

/* Returns false when another process holds it or the directory does not exist (logged, with the
 * process). Where the file system has no locks, returns true without one (logged). */
bool data_lock_take(const char *directory, struct data_lock *lock);
/* Takes the lock of another directory while `held` is kept; the caller then releases one of them.
 * *next equals *held when that is the directory's own. Returns false and *why, which is valid until
 * the next call. */
bool data_lock_take_next(const struct data_lock *held, const char *directory,
                         struct data_lock *next, const char **why);
void data_lock_release(struct data_lock *lock);
/* Writes "process 17", or "another process" when its number is not known. */
void data_lock_name_holder(const char *directory, char *to, size_t n);

#endif
