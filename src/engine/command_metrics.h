/* What is counted for each command, and for each code of an error reply. */
#ifndef ENGINE_COMMAND_METRICS_H
#define ENGINE_COMMAND_METRICS_H

#include "base/metric.h"

/* Of struct engine. Commands that were never called have no line. Times of calls as shares and as
 * histograms, where latency-tracking has counted them. */
extern const struct metric_table command_metrics, command_metrics_errors, command_metrics_latency,
    command_metrics_sizes;

#endif
