/* What tools expect of INFO and this version does not have: numbers that are always zero, words
 * that never change. Whoever builds the thing takes its rows to where it is counted. */
#ifndef SERVER_ABSENT_METRICS_H
#define SERVER_ABSENT_METRICS_H

#include "base/metric.h"

/* Without an owner. */
extern const struct metric_table absent_metrics;

#endif
