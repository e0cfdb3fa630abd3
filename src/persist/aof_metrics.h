/* What the append-only file tells of itself; nothing while it is closed. */
#ifndef PERSIST_AOF_METRICS_H
#define PERSIST_AOF_METRICS_H

#include "base/metric.h"

/* Of struct aof: its sizes and its syncs; how long these took, as shares and as a histogram. */
extern const struct metric_table aof_metrics, aof_metrics_latency, aof_metrics_sizes;

#endif
