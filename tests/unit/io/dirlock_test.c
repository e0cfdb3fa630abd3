#include "io/dirlock.h"

#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* faults B13 */
static void one_holder_that_is_named(void)
{
    char directory[] = "/tmp/millrace-dirlock-XXXXXX", same[64];
    CHECK(mkdtemp(directory));
    snprintf(same, sizeof(same), "%s/../%s", directory, directory + 5);
    CHECK(dirlock_holder(directory) == 0);
    int fd = dirlock_take(directory);
    CHECK(fd >= 0);
    CHECK(dirlock_take(directory) == -EWOULDBLOCK && dirlock_take(same) == -EWOULDBLOCK);
    CHECK(dirlock_holder(directory) == getpid() && dirlock_holder(same) == getpid());
    CHECK(dirlock_is_of(fd, same) && !dirlock_is_of(fd, "/tmp"));
    CHECK(dirlock_take("/nowhere/at/all") == -ENOENT && dirlock_take("/dev/null") == -ENOTDIR);
    close(fd);
    fd = dirlock_take(same);
    CHECK(fd >= 0);
    close(fd);
    rmdir(directory);
}

static void a_copy_holds_it_too(void)
{
    char directory[] = "/tmp/millrace-dirlock-XXXXXX";
    int ends[2], status;
    char c;
    CHECK(mkdtemp(directory) && pipe(ends) == 0);
    int fd = dirlock_take(directory);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[1]);
        _exit(read(ends[0], &c, 1) == 0 ? 0 : 1);
    }
    close(fd);
    CHECK(dirlock_take(directory) == -EWOULDBLOCK);
    close(ends[1]);
    CHECK(waitpid(pid, &status, 0) == pid);
    fd = dirlock_take(directory);
    CHECK(fd >= 0);
    close(fd);
    close(ends[0]);
    rmdir(directory);
}

UNIT_MAIN(T(one_holder_that_is_named), T(a_copy_holds_it_too))
