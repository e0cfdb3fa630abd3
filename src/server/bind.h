/* Listening on the addresses of a setting like `bind`. */
#ifndef SERVER_BIND_H
#define SERVER_BIND_H

#include <stdbool.h>

/* Listens on each address and passes the descriptor to take(). An address with a leading '-' may be
 * unavailable. False: another one is (logged); descriptors passed before stay. */
bool bind_each(const char *addresses, int port, int backlog, void (*take)(void *context, int fd),
               void *context);

#endif
