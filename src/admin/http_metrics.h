/* What the HTTP port itself does and costs. */
#ifndef ADMIN_HTTP_METRICS_H
#define ADMIN_HTTP_METRICS_H

#include "base/metric.h"

#define HTTP_METRICS_CODES 600

/* Who has connections counts them and the time; who answers the rest. */
struct http_figures {
    uint64_t answers[HTTP_METRICS_CODES]; /* by status */
    uint64_t login_failures;
    uint64_t ticks; /* of the cycle counter (base/clock.h) */
    long long connections;
};

/* Of struct http_figures. */
extern const struct metric_table http_metrics, http_metrics_answers;

#endif
