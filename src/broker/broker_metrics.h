/* INFO # Broker. */
#ifndef BROKER_BROKER_METRICS_H
#define BROKER_BROKER_METRICS_H

#include "base/metric.h"

/* Of struct broker. O(groups with policies + streams with extras). */
extern const struct metric_table broker_metrics;

#endif
