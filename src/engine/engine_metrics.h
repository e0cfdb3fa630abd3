/* Statistics of clients and requests. */
#ifndef ENGINE_ENGINE_METRICS_H
#define ENGINE_ENGINE_METRICS_H

#include "base/metric.h"

/* Of struct engine: totals since the start, and the clients' present state. */
extern const struct metric_table engine_metrics, engine_metrics_clients;

#endif
