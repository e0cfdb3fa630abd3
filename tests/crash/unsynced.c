/* LD_PRELOAD: notes, for each file that a process and its children write, how much of it a power
 * cut would keep: what was there when the last fsync() or fdatasync() began that has returned. The
 * notes lie in a file that POWERCUT_NOTES names; powercut.py reads them after it has killed the
 * process, and damages what they say is not safe. What a rename took the place of stays beside the
 * notes (<notes>.<inode of the new file>): until the directory is synced, either may be found. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES 512

struct note {
    uint64_t inode, safe;
    uint64_t named; /* its name is safe: the directory was synced since it was made */
};

static struct note *notes;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("POWERCUT_NOTES");
    int fd = path ? open(path, O_RDWR) : -1;
    if (fd < 0)
        return;
    void *p = mmap(NULL, FILES * sizeof(struct note), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    notes = p == MAP_FAILED ? NULL : p;
}

/* The note of a file, made when there is none: what it holds then is safe. */
static struct note *note_of(const struct stat *st)
{
    if (!notes || !S_ISREG(st->st_mode))
        return NULL;
    for (int i = 0; i < FILES; i++) {
        if (notes[i].inode == st->st_ino)
            return &notes[i];
        if (!notes[i].inode) {
            notes[i].safe = (uint64_t)st->st_size;
            notes[i].named = 1;
            notes[i].inode = st->st_ino;
            return &notes[i];
        }
    }
    return NULL;
}

int open(const char *path, int flags, ...)
{
    static int (*real)(const char *, int, ...);
    mode_t mode = 0;
    if (flags & O_CREAT) {
        va_list ap;
        va_start(ap, flags);
        mode = (mode_t)va_arg(ap, int);
        va_end(ap);
    }
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "open");
    int made = (flags & O_CREAT) && access(path, F_OK) != 0, fd = real(path, flags, mode);
    struct stat st;
    if (fd < 0 || !(flags & O_CREAT) || fstat(fd, &st) < 0)
        return fd;
    pthread_mutex_lock(&lock);
    struct note *n = note_of(&st);
    if (n && (made || (flags & O_TRUNC)))
        n->safe = 0;
    if (n && made)
        n->named = 0;
    pthread_mutex_unlock(&lock);
    return fd;
}

int rename(const char *from, const char *to)
{
    static int (*real)(const char *, const char *);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "rename");
    struct stat st;
    if (notes && stat(from, &st) == 0) {
        char old[4096];
        snprintf(old, sizeof(old), "%s.%llu", getenv("POWERCUT_NOTES"),
                 (unsigned long long)st.st_ino);
        unlink(old);
        (void)!link(to, old);
        pthread_mutex_lock(&lock);
        struct note *n = note_of(&st);
        if (n)
            n->named = 0;
        pthread_mutex_unlock(&lock);
    }
    return real(from, to);
}

ssize_t write(int fd, const void *data, size_t size)
{
    static ssize_t (*real)(int, const void *, size_t);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "write");
    struct stat st;
    if (notes && fstat(fd, &st) == 0) {
        pthread_mutex_lock(&lock);
        note_of(&st);
        pthread_mutex_unlock(&lock);
    }
    return real(fd, data, size);
}

int ftruncate(int fd, off_t length)
{
    static int (*real)(int, off_t);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "ftruncate");
    struct stat st;
    int result = real(fd, length);
    if (result == 0 && fstat(fd, &st) == 0) {
        pthread_mutex_lock(&lock);
        struct note *n = note_of(&st);
        if (n && n->safe > (uint64_t)length)
            n->safe = (uint64_t)length;
        pthread_mutex_unlock(&lock);
    }
    return result;
}

static int sync_by(int (*real)(int), int fd)
{
    struct stat st;
    int known = fstat(fd, &st) == 0, result = real(fd);
    if (!known || result < 0)
        return result;
    pthread_mutex_lock(&lock);
    struct note *n = note_of(&st);
    if (n && (uint64_t)st.st_size > n->safe)
        n->safe = (uint64_t)st.st_size;
    /* Names: of all directories; there are only two. */
    for (int i = 0; notes && S_ISDIR(st.st_mode) && i < FILES; i++)
        notes[i].named = 1;
    pthread_mutex_unlock(&lock);
    return result;
}

int fdatasync(int fd)
{
    static int (*real)(int);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
    return sync_by(real, fd);
}

int fsync(int fd)
{
    static int (*real)(int);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "fsync");
    return sync_by(real, fd);
}
