#include "io/interrupt.h"

#include "unit.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[] = "/tmp/millrace-interrupt-test-XXXXXX";

/* What becomes of a process that gets SIGINT, armed or no more. */
static int status_of(bool disarmed)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        fclose(stderr);
        interrupt_arm(path);
        if (disarmed)
            interrupt_disarm();
        raise(SIGINT);
        _exit(5);
    }
    waitpid(pid, &status, 0);
    return status;
}

TEST(the_file_goes_and_the_process_ends)
{
    close(mkstemp(path));
    signal(SIGINT, SIG_IGN);
    int status = status_of(true); /* as before: ignored */
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 5 && access(path, F_OK) == 0);
    status = status_of(false);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1 && access(path, F_OK) < 0);
}

UNIT_MAIN(T(the_file_goes_and_the_process_ends))
