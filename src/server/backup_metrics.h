/* Metrics of backups. */
#ifndef SERVER_BACKUP_METRICS_H
#define SERVER_BACKUP_METRICS_H

#include "base/metric.h"

/* Of struct backup. */
extern const struct metric_table backup_metrics;

#endif
