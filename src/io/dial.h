/* Opens an outgoing TCP connection without blocking: address resolution, connect, and a TLS
 * handshake if requested. The addresses of a name are tried one after the other. Timeouts are up to
 * the caller, who frees the dial.
 *
 *     d = dial_new(loop, &to, ready, context);
 *     dial_step(d, &conn)      once at once, and whenever ready() was called
 *
 * The resulting connection calls the same ready(). */
#ifndef IO_DIAL_H
#define IO_DIAL_H

#include "io/conn.h"

struct dial;

struct dial_to {
    const char *host;        /* a name, or an address */
    int port;                /* 1 to 65535 */
    const char *source;      /* numeric local address to bind to; "": chosen by the system */
    struct tls_context *tls; /* of tls_context_new_client(); NULL: plain. Not used after the last
                              * dial_step() */
};

/* Copies what `to` points to, except tls. ready() only schedules dial_step(); its events are not
 * meaningful. */
struct dial *dial_new(struct loop *l, const struct dial_to *to,
                      void (*ready)(void *context, int events), void *context);
/* 0: *made is connected (with TLS: the certificate is verified, including the host name if a name
 * was given), waits for readability, and is owned by the caller; -EAGAIN: in progress; else the
 * -errno of the last address tried, -EPROTO: TLS. After 0 or an error only dial_free() may be
 * called. */
int dial_step(struct dial *d, struct conn **made);
/* After an error: a description ("connect: Connection refused"). */
const char *dial_why(const struct dial *d);
/* At any time; NULL is allowed. */
void dial_free(struct dial *d);

#endif
