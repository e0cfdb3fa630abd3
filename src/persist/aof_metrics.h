/* Metrics of the append-only file; none while it is closed. */
#ifndef PERSIST_AOF_METRICS_H
#define PERSIST_AOF_METRICS_H

#include "base/metric.h"

/* Of struct aof: sizes and fsync counts, and fsync durations as quantiles and as a histogram. */
extern const struct metric_table aof_metrics, aof_metrics_latency, aof_metrics_sizes;

#endif
