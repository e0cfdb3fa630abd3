/* INFO: all tables of metrics, and the order in which its sections print them. */
#ifndef SERVER_INFO_H
#define SERVER_INFO_H

#include "engine/engine.h"
#include "server/memory_metrics.h"
#include "server/process_metrics.h"
#include "server/turn_metrics.h"

struct aof;
struct backup;
struct metric_set;
struct http_figures;
struct persistence;

/* What the tables are read from; all stay the caller's, this too. */
struct info_parts {
    struct engine *engine;
    const struct aof *aof;
    const struct backup *backup;
    const struct persistence *persistence;
    const struct http_figures *http;
    struct process_metrics_parts process;
    struct memory_metrics_parts memory;
    struct turn_metrics_parts turn;
};

/* Registers every table there is; new ones are added here, under a section. What they are read from
 * must exist by then and outlive the set. */
struct metric_set *info_new(const struct info_parts *p);
/* The sections in their order; is_default: INFO without arguments has it. */
void info_sections(void (*visit)(void *to, const char *name, const char *title, bool is_default),
                   void *to);
/* The named sections behind out, each once and in their own order; "default", "all", "everything"
 * are groups of them, and none at all is "default". */
void info_print(struct metric_set *metrics, struct buf *out, const struct bytes *names, int n);

#endif
