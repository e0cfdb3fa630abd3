/* A disk that the test can delay or make fail, with a new directory for each test. The program's
 * own write(), fdatasync(), fsync(), ftruncate() and rename() replace the library's; they affect
 * only regular files (not the loop's wake-up). */
#ifndef SUPPORT_DISK_H
#define SUPPORT_DISK_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
    atomic_int hold_syncs, hold_writes;                           /* calls block while it is set */
    atomic_int fail_sync, fail_write, fail_truncate, fail_rename; /* an errno; 0: works */
    atomic_int fail_directory;                                    /* the same for the sync of a
                                                                     directory */
    atomic_int writes_left; /* before fail_write applies; the next one writes half first */
    atomic_int syncs;       /* syncs of files so far */
} disk;

static char disk_dir[64], disk_before[4096];

static inline bool disk_is_regular(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static inline int disk_result(int error)
{
    errno = error;
    return error ? -1 : 0;
}

int fdatasync(int fd)
{
    (void)fd;
    while (disk.hold_syncs)
        usleep(1000);
    disk.syncs++;
    return disk_result(disk.fail_sync);
}

int fsync(int fd)
{
    (void)fd;
    return disk_result(disk.fail_directory);
}

ssize_t write(int fd, const void *from, size_t n)
{
    if (disk_is_regular(fd)) {
        while (disk.hold_writes)
            usleep(1000);
        if (disk.fail_write && disk.writes_left-- <= 0) {
            /* Half of it reaches the file, as on a disk that fills up. */
            if (n > 1 && syscall(SYS_write, fd, from, n / 2) < 0)
                return -1;
            return disk_result(disk.fail_write);
        }
    }
    return syscall(SYS_write, fd, from, n);
}

int ftruncate(int fd, off_t length)
{
    return disk.fail_truncate ? disk_result(disk.fail_truncate)
                              : (int)syscall(SYS_ftruncate, fd, length);
}

int rename(const char *from, const char *to)
{
    return disk.fail_rename ? disk_result(disk.fail_rename)
                            : (int)syscall(SYS_renameat2, -100, from, -100, to, 0);
}

/* Ends all failures and delays. */
static inline void disk_works(void)
{
    memset(&disk, 0, sizeof(disk));
}

/* Changes to a new, empty working directory. */
static inline bool disk_begin(void)
{
    disk_works();
    snprintf(disk_dir, sizeof(disk_dir), "/tmp/millrace-disk-XXXXXX");
    return mkdtemp(disk_dir) && getcwd(disk_before, sizeof(disk_before)) && chdir(disk_dir) == 0;
}

static inline void disk_end(void)
{
    char command[128];
    disk_works();
    snprintf(command, sizeof(command), "rm -rf %s", disk_dir);
    if (chdir(disk_before) < 0 || system(command) != 0)
        printf("# %s stays\n", disk_dir);
}

#endif
