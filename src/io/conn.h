/* One byte pipe to a peer: a non-blocking descriptor in the loop. Knows bytes only. */
#ifndef IO_CONN_H
#define IO_CONN_H

#include "ds/chain.h"
#include "io/loop.h"
#include "io/tls.h"

struct conn;

/* Takes the descriptor. ready() notes what is possible: LOOP_READ, LOOP_WRITE. */
struct conn *conn_new(struct loop *l, int fd, void (*ready)(void *context, int events),
                      void *context);
/* From now on the bytes are TLS's. */
void conn_start_tls(struct conn *c, struct tls_context *x);
/* The same on a connection that this server opened: it is the TLS client. name: the host whose
 * certificate is expected, as for tls_new_client(). */
void conn_start_tls_client(struct conn *c, struct tls_context *x, const char *name);
/* NULL: plain. */
struct tls *conn_tls(const struct conn *c);
void conn_free(struct conn *c);
int conn_fd(const struct conn *c);
/* One read. >0: bytes; 0: the peer is gone; -EAGAIN: nothing there; else -errno. */
long conn_read(struct conn *c, void *to, size_t n);
/* Bytes that have come and that nobody has read; of TLS as they are on the wire. */
size_t conn_unread(const struct conn *c);
/* One gathered write of at most up to position `limit` of the chain. Returns bytes sent (taken from
 * the chain) or -errno; -EAGAIN: the peer does not take more now. */
long conn_write(struct conn *c, struct chain *out, uint64_t limit);
/* One gathered write of bytes that lie elsewhere (TLS: one record), n > 0. Returns bytes sent or
 * -errno. What TLS could not send has to come again, with the same bytes in front. */
long conn_send(struct conn *c, struct iovec *pieces, int n);
/* The same of an open file, at most n bytes from `at` on. -ENODATA: the file ends there. */
long conn_send_file(struct conn *c, int file, uint64_t at, size_t n);
/* Small writes wait for one another, for the network's sake (Nagle); off as a rule. */
void conn_delay_small(struct conn *c, bool on);
/* Whether to be told of readability and of room to write. */
void conn_want(struct conn *c, bool reading, bool writing);

#endif
