/* Listening on the addresses of a setting like `bind`. */
#ifndef SERVER_BIND_H
#define SERVER_BIND_H

#include <stdbool.h>

/* Listens at each address and hands over the descriptor. One with a leading '-' may be missing.
 * False: another could not be had (logged); what was handed over stays. */
bool bind_each(const char *addresses, int port, int backlog, void (*take)(void *context, int fd),
               void *context);

#endif
