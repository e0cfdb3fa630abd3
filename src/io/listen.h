/* Listening sockets and accepting. */
#ifndef IO_LISTEN_H
#define IO_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

/* A listening TCP socket on a numeric address, "*" (all of IPv4) or "::*" (all of IPv6). Returns
 * the descriptor or -errno. */
int listen_tcp(const char *address, int port, int backlog);
/* The socket file gets these permissions before anyone can connect. */
int listen_unix(const char *path, unsigned perm, int backlog);
/* Accepts the next connection: its non-blocking descriptor, or -errno. Writes the addresses of both
 * ends ("ip:port"). */
int listen_accept(int fd, char *peer, char *local, size_t n, bool *is_local);
/* The addresses of both ends, in n bytes each. */
void listen_addresses(int fd, char *peer, char *local, size_t n);
/* Sets TCP_NODELAY, and keep-alive probes every keepalive_s (0: none). Does nothing on a Unix
 * socket. */
void listen_tune(int fd, int keepalive_s);

#endif
