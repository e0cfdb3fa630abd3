/* Metrics of the journal. */
#ifndef PERSIST_JOURNAL_METRICS_H
#define PERSIST_JOURNAL_METRICS_H

#include "base/metric.h"

/* Of struct journal. */
extern const struct metric_table journal_metrics;

#endif
