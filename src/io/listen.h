/* Listening sockets and accepting. */
#ifndef IO_LISTEN_H
#define IO_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

/* A listening TCP socket on a numeric address, "*" (all of IPv4) or "::*" (all of IPv6). Returns
 * the descriptor or -errno. */
int listen_tcp(const char *address, int port, int backlog);
/* The socket's file is made with perm before anybody can connect. */
int listen_unix(const char *path, unsigned perm, int backlog);
/* The next connection, non-blocking, or -errno. Writes both ends' addresses ("ip:port"). */
int listen_accept(int fd, char *peer, char *local, size_t n, bool *is_local);
/* Both ends' addresses, in n bytes each. */
void listen_addresses(int fd, char *peer, char *local, size_t n);
/* TCP_NODELAY, keep-alive probes every keepalive_s (0: none). Nothing on a unix socket. */
void listen_tune(int fd, int keepalive_s);

#endif
