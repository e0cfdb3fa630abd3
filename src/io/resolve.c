#include "io/resolve.h"

#include "base/mem.h"
#include "io/worker.h"

#include <errno.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A lookup, with a reference each for the loop and the thread; the last one frees it, so that
 * neither waits for the other. */
struct lookup {
    _Atomic int shares;
    _Atomic bool done;
    int done_fd; /* an eventfd, written by the thread when done */
    int failure; /* EAI_ */
    struct addrinfo *list;
    char service[8];
    char host[];
};

struct resolve {
    struct lookup *lookup;
    struct loop_fd *watch; /* of done_fd; NULL: a numeric address */
    int error;             /* creating the thread or the eventfd failed */
};

static void give_up(struct lookup *u)
{
    if (atomic_fetch_sub(&u->shares, 1) > 1)
        return;
    if (u->list)
        freeaddrinfo(u->list);
    if (u->done_fd >= 0)
        close(u->done_fd);
    mem_free(u);
}

static void look_up(struct lookup *u, int flags)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
    u->failure = getaddrinfo(u->host, u->service, &hints, &u->list);
    if (u->failure)
        u->list = NULL;
}

static void run(void *argument)
{
    struct lookup *u = argument;
    look_up(u, AI_ADDRCONFIG);
    atomic_store(&u->done, true);
    uint64_t one = 1;
    ssize_t n = write(u->done_fd, &one, sizeof(one));
    (void)n; /* cannot fail on an eventfd */
    give_up(u);
}

static int start_thread(struct lookup *u)
{
    u->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (u->done_fd < 0)
        return -errno;
    atomic_store(&u->shares, 2);
    int error = worker_alone(run, u);
    if (error)
        atomic_store(&u->shares, 1);
    return error == -EAGAIN ? -ENOMEM : error; /* -EAGAIN is "not yet" here */
}

struct resolve *resolve_new(struct loop *l, const char *host, int port,
                            void (*ready)(void *context, int events), void *context)
{
    size_t n = strlen(host) + 1;
    struct resolve *r = mem_zalloc(sizeof(*r));
    struct lookup *u = r->lookup = mem_zalloc(sizeof(*u) + n);
    memcpy(u->host, host, n);
    snprintf(u->service, sizeof(u->service), "%d", port);
    u->shares = 1;
    u->done_fd = -1;
    look_up(u, AI_NUMERICHOST);
    if (u->failure == EAI_NONAME) {
        r->error = start_thread(u);
        if (!r->error) {
            r->watch = loop_fd_new(l, u->done_fd, ready, context);
            loop_fd_want(r->watch, LOOP_READ);
        }
    }
    return r;
}

int resolve_take(struct resolve *r, const struct addrinfo **list)
{
    if (r->error)
        return r->error;
    if (r->watch && !atomic_load(&r->lookup->done))
        return -EAGAIN;
    if (r->watch)
        loop_fd_want(r->watch, 0);
    *list = r->lookup->list;
    return *list ? 0 : -EADDRNOTAVAIL;
}

const char *resolve_why(const struct resolve *r)
{
    return r->error ? strerror(-r->error) : gai_strerror(r->lookup->failure);
}

void resolve_free(struct resolve *r)
{
    if (!r)
        return;
    if (r->watch)
        loop_fd_free(r->watch);
    give_up(r->lookup);
    mem_free(r);
}
