/* Metrics of saving, rewriting and loading. */
#ifndef SERVER_PERSISTENCE_METRICS_H
#define SERVER_PERSISTENCE_METRICS_H

#include "base/metric.h"

/* Of struct persistence. */
extern const struct metric_table persistence_metrics;

#endif
