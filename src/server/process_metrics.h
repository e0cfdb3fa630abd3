/* The process: versions, clocks, CPU time, listeners. */
#ifndef SERVER_PROCESS_METRICS_H
#define SERVER_PROCESS_METRICS_H

#include "base/metric.h"

struct engine;
struct listeners;

struct process_metrics_parts {
    const struct engine *engine;
    const struct listeners *listeners;
    /* Expiry of the certificate for incoming connections of any port; -1: none. */
    int64_t (*certificate_ends_s)(const void *context);
    const void *context;
    int64_t started_ms;     /* by the steady clock */
    char run_id[41];        /* of this process */
    const char *executable; /* its path; "" if unknown */
};

/* Of struct process_metrics_parts; CPU time has no owner. */
extern const struct metric_table process_metrics, process_metrics_cpu, process_metrics_listeners;

#endif
