/* INFO # Broker. */
#ifndef BROKER_BROKER_METRICS_H
#define BROKER_BROKER_METRICS_H

#include "base/metric.h"

/* Of struct broker. Walks the groups that have policies and the streams that have
 * extras. */
extern const struct metric_table broker_metrics;

#endif
