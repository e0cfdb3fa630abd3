#include "server/data_lock.h"

#include "base/log.h"
#include "io/dirlock.h"
#include "io/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WAIT_MS 1000 /* for a process that is ending */
#define STEP_MS 10

void data_lock_name_holder(const char *directory, char *to, size_t n)
{
    pid_t pid = dirlock_holder(directory);
    if (pid)
        snprintf(to, n, "process %d", (int)pid);
    else
        snprintf(to, n, "another process");
}

/* A file system without locks must not keep the server from starting. */
static bool has_no_locks(int error)
{
    return error != -EWOULDBLOCK && error != -ENOENT && error != -ENOTDIR;
}

static void warn(const char *directory, int error)
{
    log_line(
        LOG_WARNING,
        "The data directory %s can't be locked: %s. A second server could use it at the same time.",
        directory, strerror(-error));
}

bool data_lock_take(const char *directory, struct data_lock *lock)
{
    int *fd = &lock->fd;
    char holder[64];
    *fd = dirlock_take(directory);
    /* A process that was just killed may still hold it until all of its threads are gone. */
    for (int i = 0; *fd == -EWOULDBLOCK && i < WAIT_MS / STEP_MS; i++) {
        usleep(STEP_MS * 1000);
        *fd = dirlock_take(directory);
    }
    if (*fd >= 0)
        return true;
    if (has_no_locks(*fd)) {
        warn(directory, *fd);
        *fd = -1;
        return true;
    }
    data_lock_name_holder(directory, holder, sizeof(holder));
    if (*fd == -EWOULDBLOCK)
        log_line(LOG_WARNING,
                 "The data directory %s is in use by %s: two servers on the same files would "
                 "overwrite each other's data. Stop that one first, or set another 'dir'. Exiting.",
                 directory, holder);
    else
        log_line(LOG_WARNING, "The data directory %s can't be opened: %s", directory,
                 strerror(-*fd));
    return false;
}

bool data_lock_take_next(const struct data_lock *held, const char *directory,
                         struct data_lock *next, const char **why)
{
    int *fd = &next->fd;
    static char text[128];
    char holder[64];
    *fd = held->fd;
    if (held->fd >= 0 && dirlock_is_of(held->fd, directory))
        return true;
    *fd = dirlock_take(directory);
    if (*fd >= 0)
        return true;
    if (has_no_locks(*fd)) {
        warn(directory, *fd);
        *fd = -1;
        return true;
    }
    data_lock_name_holder(directory, holder, sizeof(holder));
    snprintf(text, sizeof(text), "the directory is in use by %s", holder);
    *why = *fd == -EWOULDBLOCK ? text : strerror(-*fd);
    return false;
}

void data_lock_release(struct data_lock *lock)
{
    file_close(lock->fd);
    lock->fd = -1;
}
