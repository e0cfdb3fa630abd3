/* INFO. */
#ifndef SERVER_INFO_H
#define SERVER_INFO_H

#include "server/server.h"

/* The named section behind out; "default", "all", "everything" are groups of them. */
void info_print(struct server *s, struct buf *out, const char *section);

#endif
