/* Addresses of a host. A numeric address is there at once; a name is looked up on a thread of its
 * own, because the C library waits for name servers as long as it likes and cannot be stopped. */
#ifndef IO_RESOLVE_H
#define IO_RESOLVE_H

#include "io/loop.h"

struct addrinfo;
struct resolve;

/* ready() notes that resolve_take() has an answer. It is not called for a numeric address. */
struct resolve *resolve_new(struct loop *l, const char *host, int port,
                            void (*ready)(void *context, int events), void *context);
/* 0: *list are the stream addresses, owned by r; -EAGAIN: not yet; else -errno (-EADDRNOTAVAIL:
 * there is no such host; resolve_why() says it in words). */
int resolve_take(struct resolve *r, const struct addrinfo **list);
const char *resolve_why(const struct resolve *r);
/* At any time; a lookup that is under way ends by itself. NULL is nothing. */
void resolve_free(struct resolve *r);

#endif
