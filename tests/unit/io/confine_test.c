#include "io/confine.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[64];

/* What one gives up stays given up: each test needs a process of its own. */
static bool in_child(bool (*f)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(f() ? 0 : 1);
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool calls(void)
{
    char *const none[] = {NULL};
    if (confine_calls() < 0)
        return false;
    bool good = execve("/bin/true", none, none) < 0 && errno == EPERM;
    good = good && umount("/nothing") < 0 && errno == EPERM;
    good = good && chroot("/") < 0 && errno == EPERM;
    /* What the server needs goes on. */
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    int status;
    return good && waitpid(pid, &status, 0) == pid && status == 0;
}

TEST(calls_that_a_server_never_makes_are_refused)
{
    CHECK(in_child(calls));
}

static bool creates(const char *file)
{
    int fd = open(file, O_CREAT | O_WRONLY, 0600);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool writing(void)
{
    char inside[128], below[128], moved[128], outside[128];
    snprintf(inside, sizeof(inside), "%s/in/a", directory);
    snprintf(below, sizeof(below), "%s/in/sub", directory);
    snprintf(moved, sizeof(moved), "%s/in/sub/a", directory);
    snprintf(outside, sizeof(outside), "%s/out", directory);
    const char *const own[] = {"/nothing-of-that-name", NULL};
    if (confine_writing(own) != -ENOENT)
        return false;
    char in[128];
    snprintf(in, sizeof(in), "%s/in", directory);
    const char *const directories[] = {in, NULL};
    if (confine_writing(directories) < 0)
        return false;
    char *const none[] = {NULL};
    return creates(inside) && mkdir(below, 0700) == 0 && rename(inside, moved) == 0 &&
           unlink(moved) == 0 && rmdir(below) == 0 && !creates(outside) && errno == EACCES &&
           open("/etc/passwd", O_RDONLY) >= 0 && open("/etc/passwd", O_WRONLY) < 0 &&
           execve("/bin/true", none, none) < 0 && errno == EACCES;
}

TEST(files_are_written_only_beneath_the_directories)
{
    char in[128];
    snprintf(in, sizeof(in), "%s/in", directory);
    CHECK(mkdir(in, 0700) == 0);
    CHECK(in_child(writing));
    rmdir(in);
}

int main(void)
{
    snprintf(directory, sizeof(directory), "/tmp/millrace-unit-XXXXXX");
    if (!mkdtemp(directory))
        return 1;
    static const struct unit_test tests[] = {T(calls_that_a_server_never_makes_are_refused),
                                             T(files_are_written_only_beneath_the_directories)};
    int failed = unit_run(tests, 2);
    rmdir(directory);
    return failed;
}
