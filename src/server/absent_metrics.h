/* Rows that tools expect in INFO for features that this version does not have: constant zeros and
 * words. Whoever builds the feature moves its rows to where it is counted. */
#ifndef SERVER_ABSENT_METRICS_H
#define SERVER_ABSENT_METRICS_H

#include "base/metric.h"

/* Without an owner. */
extern const struct metric_table absent_metrics;

#endif
