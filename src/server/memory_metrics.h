/* Memory usage by purpose, and its limit. */
#ifndef SERVER_MEMORY_METRICS_H
#define SERVER_MEMORY_METRICS_H

#include "base/metric.h"

struct lazy;
struct memory;
struct settings;

struct memory_metrics_parts {
    const struct settings *settings;
    struct memory *memory;
    const struct lazy *lazy;
};

/* Of struct memory_metrics_parts. */
extern const struct metric_table memory_metrics;

#endif
