#include "io/conn.h"

#include "base/mem.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECES 64

struct conn {
    int fd;
    struct loop_fd *watch;
};

struct conn *conn_new(struct loop *l, int fd, void (*ready)(void *context, int events),
                      void *context)
{
    struct conn *c = mem_zalloc(sizeof(*c));
    c->fd = fd;
    c->watch = loop_fd_new(l, fd, ready, context);
    loop_fd_want(c->watch, LOOP_READ);
    return c;
}

void conn_free(struct conn *c)
{
    if (!c)
        return;
    loop_fd_free(c->watch);
    close(c->fd);
    mem_free(c);
}

int conn_fd(const struct conn *c)
{
    return c->fd;
}

long conn_read(struct conn *c, void *to, size_t n)
{
    ssize_t got = recv(c->fd, to, n, 0);
    return got < 0 ? -errno : got;
}

long conn_write(struct conn *c, struct chain *out, uint64_t limit)
{
    struct iovec pieces[PIECES];
    int n = chain_pieces(out, pieces, PIECES, limit - out->taken);
    if (n == 0)
        return 0;
    ssize_t sent;
    if (n == 1) {
        sent = send(c->fd, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
    } else {
        struct msghdr m = {.msg_iov = pieces, .msg_iovlen = (size_t)n};
        sent = sendmsg(c->fd, &m, MSG_NOSIGNAL);
    }
    if (sent < 0)
        return -errno;
    chain_take(out, (size_t)sent);
    return sent;
}

void conn_want(struct conn *c, bool reading, bool writing)
{
    loop_fd_want(c->watch, (reading ? LOOP_READ : 0) | (writing ? LOOP_WRITE : 0));
}
