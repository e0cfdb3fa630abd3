#include "io/dial.h"

#include "base/assert.h"
#include "base/mem.h"
#include "io/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum stage { RESOLVING, CONNECTING, SECURING, OVER };

struct dial {
    enum stage stage;
    struct loop *loop;
    void (*ready)(void *context, int events);
    void *context;
    struct tls_context *tls;
    struct resolve *resolve;
    const struct addrinfo *next; /* the next address to try; owned by the resolver */
    struct conn *conn;           /* CONNECTING, SECURING */
    int error;                   /* -errno of the last address */
    char why[160];
    char source[64];
    char host[];
};

struct dial *dial_new(struct loop *l, const struct dial_to *to,
                      void (*ready)(void *context, int events), void *context)
{
    size_t n = strlen(to->host) + 1;
    struct dial *d = mem_zalloc(sizeof(*d) + n);
    memcpy(d->host, to->host, n);
    snprintf(d->source, sizeof(d->source), "%s", to->source);
    d->loop = l;
    d->ready = ready;
    d->context = context;
    d->tls = to->tls;
    d->resolve = resolve_new(l, to->host, to->port, ready, context);
    return d;
}

static int note(struct dial *d, int error, const char *what, const char *why)
{
    conn_free(d->conn);
    d->conn = NULL;
    d->error = error;
    snprintf(d->why, sizeof(d->why), "%s: %s", what, why);
    return error;
}

/* 0 or -errno. */
static int bind_source(int fd, const char *source, const struct addrinfo *to)
{
    struct addrinfo hints = {.ai_family = to->ai_family,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_PASSIVE},
                    *found;
    if (!*source)
        return 0;
    if (getaddrinfo(source, "0", &hints, &found) != 0)
        return -EAFNOSUPPORT; /* not an address, or of another family */
    int bound = bind(fd, found->ai_addr, found->ai_addrlen) < 0 ? -errno : 0;
    freeaddrinfo(found);
    return bound;
}

/* -EAGAIN: in progress; else the address has failed. */
static int start(struct dial *d, const struct addrinfo *to)
{
    int fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return note(d, -errno, "socket", strerror(errno));
    int bound = bind_source(fd, d->source, to);
    if (bound < 0) {
        close(fd);
        return note(d, bound, "bind-source-addr", strerror(-bound));
    }
    if (connect(fd, to->ai_addr, to->ai_addrlen) < 0 && errno != EINPROGRESS) {
        /* Our caller takes -EAGAIN for "in progress", but here there is no connection to wait for.
         */
        int error = errno == EAGAIN ? EADDRNOTAVAIL : errno;
        close(fd);
        return note(d, -error, "connect", strerror(error));
    }
    d->conn = conn_new(d->loop, fd, d->ready, d->context);
    conn_want(d->conn, false, true);
    d->stage = CONNECTING;
    return -EAGAIN;
}

static int try_next(struct dial *d)
{
    int error = d->error;
    while (d->next) {
        const struct addrinfo *to = d->next;
        d->next = to->ai_next;
        error = start(d, to);
        if (error == -EAGAIN)
            return error;
    }
    d->stage = OVER;
    return error;
}

/* Connecting to a local port without a listener, the kernel may choose the same port as ours and
 * connect the socket to itself. */
static bool is_connected_to_itself(int fd)
{
    struct sockaddr_storage ours, theirs;
    socklen_t n = sizeof(ours), m = sizeof(theirs);
    memset(&ours, 0, sizeof(ours));
    memset(&theirs, 0, sizeof(theirs));
    return getsockname(fd, (struct sockaddr *)&ours, &n) == 0 &&
           getpeername(fd, (struct sockaddr *)&theirs, &m) == 0 && n == m &&
           memcmp(&ours, &theirs, n) == 0;
}

/* 0: connected; -EAGAIN; else -errno. */
static int check_connected(int fd)
{
    int error = 0;
    socklen_t n = sizeof(error);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0)
        return -errno;
    if (error)
        return -error;
    struct sockaddr_storage a;
    n = sizeof(a);
    if (getpeername(fd, (struct sockaddr *)&a, &n) < 0)
        return errno == ENOTCONN ? -EAGAIN : -errno;
    return is_connected_to_itself(fd) ? -ECONNREFUSED : 0;
}

static bool is_name(const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, address) != 1 && inet_pton(AF_INET6, host, address) != 1;
}

static int secure(struct dial *d)
{
    struct tls *t = conn_tls(d->conn);
    int r = tls_handshake(t);
    if (r == -EAGAIN)
        conn_want(d->conn, !tls_wants_room(t), tls_wants_room(t));
    else if (r < 0)
        note(d, r, "TLS", r == -EPROTO ? tls_why(t) : strerror(-r));
    return r;
}

/* One step of establishing the connection. */
static int advance(struct dial *d)
{
    if (d->stage == SECURING)
        return secure(d);
    int r = check_connected(conn_fd(d->conn));
    if (r == -EAGAIN)
        return r;
    if (r < 0)
        return note(d, r, "connect", strerror(-r));
    if (!d->tls)
        return 0;
    conn_start_tls_client(d->conn, d->tls, is_name(d->host) ? d->host : "");
    d->stage = SECURING;
    return secure(d);
}

int dial_step(struct dial *d, struct conn **made)
{
    ASSERT(d->stage != OVER);
    int r;
    if (d->stage == RESOLVING) {
        r = resolve_take(d->resolve, &d->next);
        if (r == -EAGAIN)
            return r;
        if (r < 0) {
            d->stage = OVER;
            return note(d, r, "resolve", resolve_why(d->resolve));
        }
        return try_next(d);
    }
    r = advance(d);
    if (r == -EAGAIN)
        return r;
    if (r < 0)
        return try_next(d);
    conn_want(d->conn, true, false);
    *made = d->conn;
    d->conn = NULL;
    d->stage = OVER;
    return 0;
}

const char *dial_why(const struct dial *d)
{
    return d->why;
}

void dial_free(struct dial *d)
{
    if (!d)
        return;
    conn_free(d->conn);
    resolve_free(d->resolve);
    mem_free(d);
}
