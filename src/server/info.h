/* INFO: all tables of metrics, and the order in which its sections print them. */
#ifndef SERVER_INFO_H
#define SERVER_INFO_H

#include "server/server.h"

struct metric_set;

/* Registers every table there is; new ones are added here, under a section. What they are read from
 * must exist by then and outlive the set. */
struct metric_set *info_new(struct server *s);
/* The named sections behind out, each once and in their own order; "default", "all", "everything"
 * are groups of them, and none at all is "default". */
void info_print(struct metric_set *metrics, struct buf *out, const struct bytes *names, int n);

#endif
