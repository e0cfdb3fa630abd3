/* Replication for INFO: this server, and its replicas. */
#ifndef REPLICA_REPLICA_METRICS_H
#define REPLICA_REPLICA_METRICS_H

#include "base/metric.h"

/* Of struct replication. */
extern const struct metric_table replica_metrics;
/* A line for each replica. */
extern const struct metric_table replica_metrics_peers;

#endif
