/* The event loop: turns, rates, and work done in ticks or before a turn. */
#ifndef SERVER_TURN_METRICS_H
#define SERVER_TURN_METRICS_H

#include "base/metric.h"

struct cron;
struct memory;
struct turn;

struct turn_metrics_parts {
    const struct turn *turn;
    const struct cron *cron;
    const struct memory *memory;
};

/* Of struct turn_metrics_parts: numbers, and a histogram of turns. */
extern const struct metric_table turn_metrics, turn_metrics_sizes;

#endif
