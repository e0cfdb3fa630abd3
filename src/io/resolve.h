/* Resolves a host to addresses. A numeric address is available at once; a name is looked up in a
 * thread of its own, because the C library may wait for name servers indefinitely and cannot be
 * cancelled. */
#ifndef IO_RESOLVE_H
#define IO_RESOLVE_H

#include "io/loop.h"

struct addrinfo;
struct resolve;

/* ready() is called when resolve_take() has a result; not for a numeric address. */
struct resolve *resolve_new(struct loop *l, const char *host, int port,
                            void (*ready)(void *context, int events), void *context);
/* 0: *list has the stream addresses, owned by r; -EAGAIN: not yet; else -errno (-EADDRNOTAVAIL: no
 * such host), described by resolve_why(). */
int resolve_take(struct resolve *r, const struct addrinfo **list);
const char *resolve_why(const struct resolve *r);
/* At any time; a running lookup ends by itself. NULL is allowed. */
void resolve_free(struct resolve *r);

#endif
