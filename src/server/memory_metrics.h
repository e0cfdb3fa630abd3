/* What memory is used, what for, and the limit. */
#ifndef SERVER_MEMORY_METRICS_H
#define SERVER_MEMORY_METRICS_H

#include "base/metric.h"

/* Of struct server. */
extern const struct metric_table memory_metrics;

#endif
