/* INFO: all metric tables, and the order of lines in its sections. */
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

/* The owners of the tables; all borrowed, as is this struct. */
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

/* Registers all metric tables, each under a section; new tables are added here. Their owners must
 * exist, and outlive the set. */
struct metric_set *info_new(const struct info_parts *p);
/* The sections in their order; is_default: shown by INFO without arguments. */
void info_sections(void (*visit)(void *to, const char *name, const char *title, bool is_default),
                   void *to);
/* Appends the named sections to out, each once and in their own order. "default", "all" and
 * "everything" are groups; no name means "default". */
void info_print(struct metric_set *metrics, struct buf *out, const struct bytes *names, int n);

#endif
