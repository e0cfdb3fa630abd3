/* The loop: turns, rates, and what is done by the clock or before a turn. */
#ifndef SERVER_TURN_METRICS_H
#define SERVER_TURN_METRICS_H

#include "base/metric.h"

/* Of struct server. */
extern const struct metric_table turn_metrics;

#endif
