/* Metrics of scripts and functions. */
#ifndef SCRIPT_SCRIPTING_METRICS_H
#define SCRIPT_SCRIPTING_METRICS_H

#include "base/metric.h"

/* Of struct scripting. */
extern const struct metric_table scripting_metrics;

#endif
