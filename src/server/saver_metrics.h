/* Saving, rewriting, loading. */
#ifndef SERVER_SAVER_METRICS_H
#define SERVER_SAVER_METRICS_H

#include "base/metric.h"

/* Of struct saver. */
extern const struct metric_table saver_metrics;

#endif
