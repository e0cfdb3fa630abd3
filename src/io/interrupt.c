#include "io/interrupt.h"

#include "base/assert.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static char file[101];
static struct sigaction before;

/* A signal handler: calls only async-signal-safe functions. */
static void interrupted(int number)
{
    static const char text[] = "You insist... exiting now.\n";
    (void)number;
    unlink(file);
    if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
        _exit(1);
    _exit(1);
}

void interrupt_arm(const char *path)
{
    struct sigaction act = {.sa_handler = interrupted};
    ASSERT(strlen(path) < sizeof(file)); /* a truncated name would be another file */
    strcpy(file, path);
    sigaction(SIGINT, &act, &before);
}

void interrupt_disarm(void)
{
    sigaction(SIGINT, &before, NULL);
}
