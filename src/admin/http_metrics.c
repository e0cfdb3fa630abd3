#include "admin/http_metrics.h"

#include "base/clock.h"

#include <stdio.h>

#define M(type, unit, flags, info, name, value, help)                                              \
    METRIC_GETTER(const struct http_figures *f, info, value)
#include "admin/http_metrics.def"
#undef M

#define M METRIC_ROW
static const struct metric rows[] = {
#include "admin/http_metrics.def"
};
#undef M

const struct metric_table http_metrics = {.rows = rows, .n = METRIC_COUNT(rows)};

static const struct metric columns[] = {
    {"answers", "millrace_http_requests_total", "HTTP requests by response status.", METRIC_COUNTER,
     METRIC_NUMBER, 0, NULL},
};

static void walk(const void *owner, const struct metric_sink *sink)
{
    const struct http_figures *f = owner;
    for (unsigned i = 0; i < HTTP_METRICS_CODES; i++) {
        char code[12];
        struct metric_cell cell = {.metric = columns, .value = metric_unsigned(f->answers[i])};
        if (!f->answers[i])
            continue;
        snprintf(code, sizeof(code), "%u", i);
        sink->line(sink->to, bytes_text(code), &cell, 1);
    }
}

static const struct metric_family answers = {"http_", "code", NULL, columns, 1, walk};

const struct metric_table http_metrics_answers = {.family = &answers};
