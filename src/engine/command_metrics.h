/* Statistics of each command and of each error code. */
#ifndef ENGINE_COMMAND_METRICS_H
#define ENGINE_COMMAND_METRICS_H

#include "base/metric.h"

/* Of struct engine. Commands that were never called have no line. Latencies are shown as
 * percentiles and as histograms if latency-tracking is on. */
extern const struct metric_table command_metrics, command_metrics_errors, command_metrics_latency,
    command_metrics_sizes;

#endif
