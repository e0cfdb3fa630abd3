/* What the engine counts about requests and those who make them. */
#ifndef ENGINE_ENGINE_METRICS_H
#define ENGINE_ENGINE_METRICS_H

#include "base/metric.h"

/* Of struct engine: totals since the start, and what clients are and hold now. */
extern const struct metric_table engine_metrics, engine_metrics_clients;

#endif
