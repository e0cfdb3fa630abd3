/* Metrics of the store: deleted keys, look-ups, and the databases. */
#ifndef STORE_STORE_METRICS_H
#define STORE_STORE_METRICS_H

#include "base/metric.h"

/* Of struct store. */
extern const struct metric_table store_metrics, store_metrics_databases;

#endif
