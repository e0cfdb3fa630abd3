/* The link to our primary, for INFO. The owner is struct replication. */
#ifndef REPLICA_FOLLOW_METRICS_H
#define REPLICA_FOLLOW_METRICS_H

#include "base/metric.h"

extern const struct metric_table follow_metrics;

#endif
