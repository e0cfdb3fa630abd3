#include "io/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIPE_BYTES (1 << 20)

pid_t child_start(int lock)
{
    pid_t parent = getpid(), pid = fork();
    if (pid < 0)
        return -errno;
    if (pid > 0)
        return pid;
    if (lock >= 0)
        close(lock);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    struct sigaction plain = {.sa_handler = SIG_DFL}, ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGTERM, &plain, NULL);
    sigaction(SIGUSR1, &plain, NULL);
    /* Ctrl-C at a terminal reaches the child too; the parent decides what to do. */
    sigaction(SIGINT, &ignore, NULL);
    return 0;
}

int child_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES); /* else the child blocks after every 64 KiB */
    return 0;
}

_Noreturn void child_exit(int code)
{
    _exit(code);
}

bool child_ended(pid_t pid, int *code, int *signal)
{
    int status;
    pid_t got = waitpid(pid, &status, WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR))
        return false;
    *code = got > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 255;
    *signal = got > 0 && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return true;
}

void child_kill(pid_t pid)
{
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}
