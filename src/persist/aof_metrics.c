#include "persist/aof_metrics.h"

#include "base/clock.h"
#include "persist/aof.h"
#include "persist/aof_segment.h"

static int64_t last_sync_age_ms(const struct aof *a)
{
    int64_t last = aof_last_sync_ms(a);
    return last ? clock_steady_ms() - last : -1;
}

#define M(type, unit, flags, info, name, value, help)                                              \
    METRIC_GETTER(const struct aof *a, info, METRIC_IF(aof_is_open(a), value))
#include "persist/aof_metrics.def"
#undef M

#define M METRIC_ROW
static const struct metric rows[] = {
#include "persist/aof_metrics.def"
};
#undef M

const struct metric_table aof_metrics = {.rows = rows, .n = METRIC_COUNT(rows)};

/* ---- Latency of syncs */

static const struct metric columns[] = {
    {"p", "millrace_fsync_latency_seconds",
     "Time that such a part of all fsyncs did not exceed, to an eighth.", METRIC_SUMMARY,
     METRIC_MICROSECONDS, 0, NULL},
};

static const struct {
    double part;
    struct bytes info, quantile;
} quantiles[] = {{0.5, BYTES("p50"), BYTES("0.5")},
                 {0.99, BYTES("p99"), BYTES("0.99")},
                 {0.999, BYTES("p99.9"), BYTES("0.999")},
                 {1, BYTES("max"), BYTES("1")}};

static void walk_latency(const void *owner, const struct metric_sink *sink)
{
    const struct aof *a = owner;
    struct metric_cell cells[METRIC_COUNT(quantiles)];
    if (!aof_is_open(a))
        return;
    for (size_t i = 0; i < METRIC_COUNT(quantiles); i++)
        cells[i] = (struct metric_cell){columns, quantiles[i].info, quantiles[i].quantile,
                                        metric_unsigned(aof_sync_latency_us(a, quantiles[i].part))};
    sink->line(sink->to, (struct bytes){0}, cells, METRIC_COUNT(quantiles));
}

static const struct metric_family latency = {
    "aof_fsync_percentiles_usec", NULL, "quantile", columns, 1, walk_latency};

const struct metric_table aof_metrics_latency = {.family = &latency};

/* ---- Sizes */

static const double limits[] = {0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5};

static const struct metric size_columns[] = {
    {"aof_fsync_seconds", "millrace_fsync_seconds", "How long fsyncs of the append-only file took.",
     METRIC_HISTOGRAM, METRIC_SECONDS, 0, NULL},
};

static void walk_sizes(const void *owner, const struct metric_sink *sink)
{
    const struct aof *a = owner;
    if (!aof_is_open(a))
        return;
    const struct aof_segment_times *t = aof_sync_times(a);
    struct metric_counts counts = {t->by_class, 1e-6, (double)t->sum_us / 1e6, limits,
                                   METRIC_COUNT(limits)};
    struct metric_cell cell = {.metric = size_columns, .value = metric_of_counts(&counts)};
    sink->line(sink->to, (struct bytes){0}, &cell, 1);
}

static const struct metric_family sizes = {NULL, NULL, NULL, size_columns, 1, walk_sizes};

const struct metric_table aof_metrics_sizes = {.family = &sizes};
