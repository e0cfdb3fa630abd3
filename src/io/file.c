/* Files, with the order of operations that makes a change durable.
 *
 * A name is durable only when its directory has been synced, so file_rename(), file_replace() and
 * file_make_directory() sync it. file_replace() is: write a temporary file, sync it, rename it over
 * the old one, sync the directory. A crash at any point leaves the old contents or the new ones,
 * and at worst the temporary file.
 *
 * Functions return 0, a descriptor or a length, or -errno; nothing is logged and nothing is retried
 * except after EINTR and short writes. A failed fsync() is returned like any other error: the
 * caller must know that the file can no longer be trusted (persist/aof_segment.c).
 *
 * In builds with MILLRACE_FAULTS, calls that change the disk, or that a start depends on, first
 * check fault_strikes(). */
#include "io/file.h"

#include "base/assert.h"
#include "base/mem.h"
#include "io/fault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define IN_MEMORY "/proc/self/fd/"

#define PIECE 65536

static int result(int value)
{
    return value < 0 ? -errno : value;
}

int file_open_append(const char *path)
{
    if (fault_strikes("open", NULL))
        return -errno;
    return result(open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
}

int file_open_read(const char *path)
{
    if (fault_strikes("open for reading", NULL))
        return -errno;
    return result(open(path, O_RDONLY | O_CLOEXEC));
}

int file_create(const char *path)
{
    if (fault_strikes("create", NULL))
        return -errno;
    return result(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644));
}

int file_create_in_memory(char *path, size_t n)
{
    int fd = memfd_create("millrace", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    snprintf(path, n, IN_MEMORY "%d", fd);
    return fd;
}

void file_close(int fd)
{
    if (fd >= 0)
        close(fd);
}

int file_write_all(int fd, struct bytes data, size_t *written)
{
    *written = 0;
    uint64_t some = data.n;
    if (fault_strikes("write", &some)) {
        int error = errno;
        ssize_t n = some ? write(fd, data.p, some) : 0;
        *written = n > 0 ? (size_t)n : 0;
        return -error;
    }
    while (*written < data.n) {
        ssize_t n = write(fd, data.p + *written, data.n - *written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return -EIO;
        *written += (size_t)n;
    }
    return 0;
}

int file_sync(int fd)
{
    if (fault_strikes("fdatasync", NULL))
        return -errno;
    return result(fdatasync(fd));
}

int file_truncate(int fd, int64_t length)
{
    if (fault_strikes("ftruncate", NULL))
        return -errno;
    return result(ftruncate(fd, length));
}

int64_t file_size(int fd)
{
    struct stat st;
    return fstat(fd, &st) < 0 ? -errno : st.st_size;
}

int64_t file_size_of(const char *path)
{
    struct stat st;
    return stat(path, &st) < 0 ? -errno : st.st_size;
}

int64_t file_modified_ms(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return -errno;
    return (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
}

int file_sync_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *directory = slash ? mem_copy_text(path, slash == path ? 1 : (size_t)(slash - path))
                            : mem_copy_text(".", 1);
    int fd = fault_strikes("fsync of a directory", NULL)
                 ? -1
                 : open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    mem_free(directory);
    if (fd < 0)
        return -errno;
    int error = result(fsync(fd));
    close(fd);
    return error;
}

int file_rename(const char *from, const char *to)
{
    if (fault_strikes("rename", NULL) || rename(from, to) < 0)
        return -errno;
    return file_sync_directory(to);
}

int file_replace(const char *path, struct bytes contents)
{
    struct buf temporary = {0};
    /* "dir/name" becomes "dir/temp-name". */
    const char *slash = strrchr(path, '/');
    size_t head = slash ? (size_t)(slash - path) + 1 : 0;
    buf_add(&temporary, bytes_of(path, head));
    buf_add_text(&temporary, "temp-");
    buf_add_text(&temporary, path + head);
    buf_add_char(&temporary, 0);
    int fd = file_create(temporary.p);
    int error = fd < 0 ? fd : 0;
    struct stat old;
    if (!error && stat(path, &old) == 0)
        error = result(fchmod(fd, old.st_mode & 07777));
    if (!error) {
        size_t written;
        error = file_write_all(fd, contents, &written);
        if (!error)
            error = file_sync(fd);
        if (!error)
            error = file_rename(temporary.p, path);
    }
    if (fd >= 0)
        close(fd);
    if (error && fd >= 0)
        unlink(temporary.p);
    buf_free(&temporary);
    return error;
}

int file_read(const char *path, struct buf *out)
{
    int fd = file_open_read(path);
    if (fd < 0)
        return fd;
    for (;;) {
        ssize_t n = read(fd, buf_room(out, 65536), 65536);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int error = n < 0 ? -errno : 0;
            close(fd);
            return error;
        }
        out->n += (size_t)n;
    }
}

int file_remove(const char *path)
{
    if (fault_strikes("unlink", NULL))
        return -errno;
    return result(unlink(path));
}

int file_make_directory(const char *path)
{
    if (fault_strikes("mkdir", NULL))
        return -errno;
    if (mkdir(path, 0755) == 0)
        return file_sync_directory(path);
    return errno == EEXIST ? 0 : -errno;
}

int file_reserve(const char *path, uint64_t n)
{
    if (fault_strikes("fallocate", NULL))
        return -errno;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    int error = result(fallocate(fd, 0, 0, (off_t)n));
    close(fd);
    if (error)
        unlink(path);
    return error;
}

int file_link(const char *from, const char *to)
{
    if (fault_strikes("link", NULL))
        return -errno;
    return result(link(from, to));
}

int file_remove_directory(const char *path)
{
    return result(rmdir(path));
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool file_is_at(int fd, const char *path)
{
    struct stat here, there;
    return fstat(fd, &here) == 0 && stat(path, &there) == 0 && here.st_dev == there.st_dev &&
           here.st_ino == there.st_ino;
}

bool file_is_link(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

int file_list(const char *directory, void (*each)(void *context, const char *name), void *context)
{
    DIR *d = opendir(directory);
    if (!d)
        return -errno;
    for (struct dirent *entry; (entry = readdir(d));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            each(context, entry->d_name);
    closedir(d);
    return 0;
}

int file_each(const char *path, void (*take)(void *context, struct bytes piece), void *context)
{
    int fd = file_open_read(path);
    if (fd < 0)
        return fd;
    char *piece = mem_alloc(PIECE);
    ssize_t n;
    while ((n = read(fd, piece, PIECE)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0)
            take(context, bytes_of(piece, (size_t)n));
    int error = n < 0 ? -errno : 0;
    mem_free(piece);
    close(fd);
    return error;
}

int file_read_start(const char *path, char *to, size_t n)
{
    int fd = file_open_read(path);
    if (fd < 0)
        return fd;
    int got = result((int)pread(fd, to, n, 0));
    close(fd);
    return got;
}

int file_map(const char *path, struct bytes *out)
{
    int fd = file_open_read(path);
    if (fd < 0)
        return fd;
    int64_t n = file_size(fd);
    int error = n < 0 ? (int)n : 0;
    *out = bytes_of("", 0);
    if (n > 0) {
        void *p = fault_strikes("mmap", NULL)
                      ? MAP_FAILED
                      : mmap(NULL, (size_t)n, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p == MAP_FAILED)
            error = -errno;
        else
            *out = bytes_of(p, (size_t)n);
    }
    close(fd);
    return error;
}

void file_unmap(struct bytes map)
{
    if (map.n)
        munmap((void *)(uintptr_t)map.p, map.n);
}

bool file_is_in_memory(const char *path)
{
    return strncmp(path, IN_MEMORY, sizeof(IN_MEMORY) - 1) == 0;
}

void file_give_back(const char *path, struct bytes map, size_t from, size_t to)
{
    ASSERT(from <= to && to <= map.n && file_is_in_memory(path));
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    madvise((char *)(uintptr_t)map.p + from, to - from, MADV_DONTNEED);
    fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)(to - from));
    close(fd);
}
