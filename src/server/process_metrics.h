/* What the process is: versions, clocks, processor time, listeners. */
#ifndef SERVER_PROCESS_METRICS_H
#define SERVER_PROCESS_METRICS_H

#include "base/metric.h"

/* Of struct server. */
extern const struct metric_table process_metrics, process_metrics_cpu, process_metrics_listeners;

#endif
