/* INFO. */
#ifndef SERVER_INFO_H
#define SERVER_INFO_H

#include "server/server.h"

/* The named sections behind out, each once and in their own order; "default", "all", "everything"
 * are groups of them, and none at all is "default". */
void info_print(struct server *s, struct buf *out, const struct bytes *names, int n);

#endif
