#include "io/conn.h"

#include "base/mem.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECES 64
#define RECORD 16384 /* capacity of a TLS record */

struct conn {
    int fd;
    struct loop_fd *watch;
    struct tls *tls; /* or NULL */
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

void conn_start_tls(struct conn *c, struct tls_context *x)
{
    c->tls = tls_new(x, c->fd);
}

void conn_start_tls_client(struct conn *c, struct tls_context *x, const char *name)
{
    c->tls = tls_new_client(x, c->fd, name);
}

struct tls *conn_tls(const struct conn *c)
{
    return c->tls;
}

void conn_free(struct conn *c)
{
    if (!c)
        return;
    loop_fd_free(c->watch);
    tls_free(c->tls);
    close(c->fd);
    mem_free(c);
}

int conn_fd(const struct conn *c)
{
    return c->fd;
}

long conn_read(struct conn *c, void *to, size_t n)
{
    if (c->tls)
        return tls_read(c->tls, to, n);
    ssize_t got = recv(c->fd, to, n, 0);
    return got < 0 ? -errno : got;
}

/* Writes one record; joins the pieces, so that small replies do not become a record each. */
static long write_record(struct conn *c, const struct iovec *pieces, int n)
{
    char together[RECORD];
    const char *from = pieces[0].iov_base;
    size_t len = pieces[0].iov_len;
    if (n > 1 && len < RECORD) {
        len = 0;
        for (int i = 0; i < n && len < RECORD; i++) {
            size_t take = pieces[i].iov_len < RECORD - len ? pieces[i].iov_len : RECORD - len;
            memcpy(together + len, pieces[i].iov_base, take);
            len += take;
        }
        from = together;
    }
    return tls_write(c->tls, from, len < RECORD ? len : RECORD);
}

long conn_send(struct conn *c, struct iovec *pieces, int n)
{
    if (c->tls)
        return write_record(c, pieces, n);
    ssize_t sent;
    if (n == 1) {
        sent = send(c->fd, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
    } else {
        struct msghdr m = {.msg_iov = pieces, .msg_iovlen = (size_t)n};
        sent = sendmsg(c->fd, &m, MSG_NOSIGNAL);
    }
    return sent < 0 ? -errno : sent;
}

size_t conn_unread(const struct conn *c)
{
    int n = 0;
    return ioctl(c->fd, FIONREAD, &n) == 0 && n > 0 ? (size_t)n : 0;
}

long conn_write(struct conn *c, struct chain *out, uint64_t limit)
{
    struct iovec pieces[PIECES];
    int n = chain_pieces(out, pieces, PIECES, limit - out->taken);
    if (n == 0)
        return 0;
    long sent = conn_send(c, pieces, n);
    if (sent > 0)
        chain_take(out, (size_t)sent);
    return sent;
}

long conn_send_file(struct conn *c, int file, uint64_t at, size_t n)
{
    off_t offset = (off_t)at;
    if (!c->tls) {
        ssize_t sent = sendfile(c->fd, file, &offset, n);
        return sent < 0 ? -errno : sent == 0 ? -ENODATA : sent;
    }
    char piece[RECORD];
    ssize_t got = pread(file, piece, n < RECORD ? n : RECORD, offset);
    if (got <= 0)
        return got < 0 ? -errno : -ENODATA;
    return tls_write(c->tls, piece, (size_t)got);
}

void conn_delay_small(struct conn *c, bool on)
{
    int no_delay = !on;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof(no_delay));
}

void conn_want(struct conn *c, bool reading, bool writing)
{
    loop_fd_want(c->watch, (reading ? LOOP_READ : 0) | (writing ? LOOP_WRITE : 0));
}
