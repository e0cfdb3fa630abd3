#include "persist/cut.h"

#include "base/assert.h"
#include "base/clock.h"
#include "io/file.h"

#include <stdio.h>

int cut_tail(const char *path, struct bytes map, uint64_t good, char *aside, size_t n)
{
    size_t written;
    ASSERT(good <= map.n);
    snprintf(aside, n, "%s.cut-%lld", path, (long long)clock_wall_ms());
    int fd = file_create(aside);
    int error = fd < 0 ? fd : file_write_all(fd, bytes_of(map.p + good, map.n - good), &written);
    if (!error)
        error = file_sync(fd);
    if (!error)
        error = file_sync_directory(aside);
    file_close(fd);
    if (error)
        return error;
    /* The tail is synced: only now may it be truncated. */
    fd = file_open_append(path);
    error = fd < 0 ? fd : file_truncate(fd, (int64_t)good);
    if (!error)
        error = file_sync(fd);
    file_close(fd);
    return error;
}
