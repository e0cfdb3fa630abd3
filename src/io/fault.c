#include "io/fault.h"

#ifdef MILLRACE_FAULTS

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static struct fault_page *page(void)
{
    static struct fault_page *mapped;
    static bool looked;
    if (looked)
        return mapped;
    looked = true;
    const char *path = getenv("MILLRACE_FAULT");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return NULL;
    void *p = mmap(NULL, sizeof(*mapped), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (p == MAP_FAILED)
        return NULL;
    mapped = p;
    mapped->server = getpid();
    return mapped;
}

bool fault_strikes(const char *call, uint64_t *n)
{
    struct fault_page *p = page();
    if (!p)
        return false;
    uint64_t number = __atomic_add_fetch(&p->calls, 1, __ATOMIC_SEQ_CST);
    if (number < p->from || number >= p->until)
        return false;
    snprintf(p->last, sizeof(p->last), "%s", call);
    if (p->how == FAULT_KILL) {
        kill((pid_t)p->server, SIGKILL);
        kill(getpid(), SIGKILL);
    }
    if (p->how == FAULT_SHORT && n)
        *n /= 2;
    else if (n)
        *n = 0;
    errno = p->how == FAULT_SHORT ? ENOSPC : (int)p->how;
    return true;
}

#endif
