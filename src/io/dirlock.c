#include "io/dirlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

int dirlock_take(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r;
    do {
        r = flock(fd, LOCK_EX | LOCK_NB);
    } while (r < 0 && errno == EINTR);
    if (r == 0)
        return fd;
    int error = -errno;
    close(fd);
    return error;
}

bool dirlock_is_of(int fd, const char *path)
{
    struct stat a, b;
    return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

pid_t dirlock_holder(const char *path)
{
    struct stat st;
    FILE *f = stat(path, &st) == 0 ? fopen("/proc/locks", "re") : NULL;
    if (!f)
        return 0;
    char line[256];
    pid_t exact = 0, same_inode = 0;
    while (fgets(line, sizeof(line), f)) {
        int pid;
        unsigned major_n, minor_n;
        unsigned long long inode;
        /* "1: FLOCK  ADVISORY  WRITE 1234 fd:01:5678 0 EOF"; waiters have "->" in front. */
        if (sscanf(line, "%*u: FLOCK %*s %*s %d %x:%x:%llu", &pid, &major_n, &minor_n, &inode) !=
                4 ||
            inode != st.st_ino || pid <= 0)
            continue;
        if (major_n == major(st.st_dev) && minor_n == minor(st.st_dev))
            exact = pid;
        else
            same_inode = pid;
    }
    fclose(f);
    /* On some file systems (btrfs) stat() reports another device than the list. */
    return exact ? exact : same_inode;
}
