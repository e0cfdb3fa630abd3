/* A connection: a non-blocking descriptor in the event loop, plain or with TLS. Knows bytes only.
 */
#ifndef IO_CONN_H
#define IO_CONN_H

#include "ds/chain.h"
#include "io/loop.h"
#include "io/tls.h"

struct conn;

/* Takes over the descriptor. ready() receives what is possible: LOOP_READ, LOOP_WRITE. */
struct conn *conn_new(struct loop *l, int fd, void (*ready)(void *context, int events),
                      void *context);
/* Uses TLS from now on, as the server side. */
void conn_start_tls(struct conn *c, struct tls_context *x);
/* The same as the client side, on a connection that this server opened. name: the expected host
 * name, as for tls_new_client(). */
void conn_start_tls_client(struct conn *c, struct tls_context *x, const char *name);
/* NULL: plain. */
struct tls *conn_tls(const struct conn *c);
void conn_free(struct conn *c);
int conn_fd(const struct conn *c);
/* One read. >0: bytes; 0: closed by the peer; -EAGAIN: nothing to read; else -errno. */
long conn_read(struct conn *c, void *to, size_t n);
/* Bytes received but not read; with TLS as they are on the wire. */
size_t conn_unread(const struct conn *c);
/* One gathering write, at most up to position `limit` of the chain. Returns bytes sent (and taken
 * from the chain) or -errno; -EAGAIN: the socket is full. */
long conn_write(struct conn *c, struct chain *out, uint64_t limit);
/* One gathering write of other bytes (TLS: one record), n > 0. Returns bytes sent or -errno. With
 * TLS unsent bytes must be passed again, at the front. */
long conn_send(struct conn *c, struct iovec *pieces, int n);
/* The same for an open file, at most n bytes from `at` on. -ENODATA: end of file. */
long conn_send_file(struct conn *c, int file, uint64_t at, size_t n);
/* Switches Nagle's algorithm, which is normally off (TCP_NODELAY). */
void conn_delay_small(struct conn *c, bool on);
/* Which events ready() is called for. */
void conn_want(struct conn *c, bool reading, bool writing);

#endif
