#include "replica/link.h"

#include "base/assert.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

static void ring(void *context, int events)
{
    struct link *k = context;
    (void)events;
    k->ready = true;
}

void link_dial(struct link *k, struct loop *l, const struct dial_to *to)
{
    ASSERT(!k->dial && !k->conn);
    k->dial = dial_new(l, to, ring, k);
    k->ready = true;
}

int link_step(struct link *k)
{
    k->ready = false;
    int error = dial_step(k->dial, &k->conn);
    if (error)
        return error;
    dial_free(k->dial);
    k->dial = NULL;
    return 0;
}

const char *link_why(const struct link *k, int error)
{
    return error == -EPROTO && k->dial ? dial_why(k->dial) : strerror(-error);
}

void link_begin_turn(struct link *k)
{
    k->turn_ends = clock_ticks() + (uint64_t)(LINK_TURN_US * clock_ticks_per_us());
    k->turn_bytes = 0;
}

bool link_turn_is_over(const struct link *k)
{
    return k->turn_bytes >= LINK_TURN_BYTES || clock_ticks() >= k->turn_ends;
}

long link_read(struct link *k, char *to, size_t room)
{
    long n = conn_read(k->conn, to, room);
    if (n == -EAGAIN || n == -EINTR)
        return 0;
    if (n > 0)
        k->turn_bytes += (size_t)n;
    return n == 0 ? -EPIPE : n;
}

void link_mute(struct link *k)
{
    k->mute = k->ready = true;
    chain_free(&k->out);
}

int link_send(struct link *k, bool wants_input)
{
    if (k->mute)
        chain_free(&k->out);
    while (chain_pending(&k->out)) {
        long n = conn_write(k->conn, &k->out, UINT64_MAX);
        if (n == -EINTR)
            continue;
        if (n < 0 && n != -EAGAIN)
            return (int)n;
        if (n <= 0)
            break;
    }
    conn_want(k->conn, wants_input, chain_pending(&k->out) > 0);
    return 0;
}

bool link_is_cut(const struct link *k)
{
    struct pollfd p = {.fd = conn_fd(k->conn), .events = POLLRDHUP};
    return poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

void link_drop(struct link *k)
{
    dial_free(k->dial);
    conn_free(k->conn);
    chain_free(&k->out);
    buf_free(&k->in);
    *k = (struct link){0};
}
