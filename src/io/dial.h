/* An outgoing TCP connection, made without waiting: the address, the connection, and the handshake
 * of TLS where it is asked for. Addresses of a name are tried one after the other. How long all
 * this may take is the caller's business: he drops the dial when he has waited enough.
 *
 *     d = dial_new(loop, &to, ready, context);
 *     dial_step(d, &conn)      once at once, and whenever ready() was called
 *
 * The connection that comes out calls the same ready(). */
#ifndef IO_DIAL_H
#define IO_DIAL_H

#include "io/conn.h"

struct dial;

struct dial_to {
    const char *host;   /* a name, or an address */
    int port;           /* 1 to 65535 */
    const char *source; /* numeric address of ours to come from; "": whichever the system takes */
    struct tls_context *tls; /* of tls_context_new_client(); NULL: plain. Not used after
                              * dial_step() is through */
};

/* What `to` points to is copied, but for tls. ready() only notes; events are not to be relied on.
 */
struct dial *dial_new(struct loop *l, const struct dial_to *to,
                      void (*ready)(void *context, int events), void *context);
/* 0: *made is connected (with TLS: the other side's certificate is good, and for the host's name
 * when a name was given), wants to be told of readability, and is the caller's; -EAGAIN: goes on;
 * else the -errno of the last address that was tried, -EPROTO: TLS. After 0 or an error only
 * dial_free(). */
int dial_step(struct dial *d, struct conn **made);
/* After an error: what failed, in words ("connect: Connection refused"). */
const char *dial_why(const struct dial *d);
/* At any time; NULL is nothing. */
void dial_free(struct dial *d);

#endif
