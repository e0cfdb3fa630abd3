/* What INFO tells of the link to our primary. The owner is struct replication. */
#ifndef REPLICA_FOLLOW_METRICS_H
#define REPLICA_FOLLOW_METRICS_H

#include "base/metric.h"

extern const struct metric_table follow_metrics;

#endif
