#include "server/turn_metrics.h"

#include "base/clock.h"
#include "server/cron.h"
#include "server/memory.h"
#include "server/turn.h"

struct figures {
    const struct turn_figures *turn;
    struct memory_figures memory;
    struct cron_figures cron;
};

static struct metric_value us_of_real(double ticks)
{
    return metric_real(ticks / clock_ticks_per_us(), 0);
}

static struct metric_value us_of(uint64_t ticks)
{
    return us_of_real((double)ticks);
}

static void gather(const void *owner, void *figures)
{
    const struct turn_metrics_parts *p = owner;
    struct figures *f = figures;
    f->turn = turn_figures(p->turn);
    memory_figures(p->memory, &f->memory);
    cron_figures(p->cron, &f->cron);
}

#define M(type, unit, flags, info, name, value, help)                                              \
    METRIC_GETTER(const struct figures *f, info, value)
#include "server/turn_metrics.def"
#undef M

#define M METRIC_ROW
static const struct metric rows[] = {
#include "server/turn_metrics.def"
};
#undef M

const struct metric_table turn_metrics = {
    .rows = rows, .n = METRIC_COUNT(rows), .figures = sizeof(struct figures), .gather = gather};

/* ---- Histogram of turns */

static const double limits[] = {0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1};

static const struct metric columns[] = {
    {"eventloop_turn_seconds", "millrace_loop_turn_seconds",
     "How long turns of the loop took that did something, without waiting.", METRIC_HISTOGRAM,
     METRIC_SECONDS, 0, NULL},
};

static void walk_sizes(const void *owner, const struct metric_sink *sink)
{
    const struct turn_metrics_parts *p = owner;
    const struct turn_figures *t = turn_figures(p->turn);
    double unit = 1e-6 / clock_ticks_per_us();
    struct metric_counts counts = {t->by_class, unit, (double)t->ticks * unit, limits,
                                   METRIC_COUNT(limits)};
    struct metric_cell cell = {.metric = columns, .value = metric_of_counts(&counts)};
    sink->line(sink->to, (struct bytes){0}, &cell, 1);
}

static const struct metric_family sizes = {NULL, NULL, NULL, columns, 1, walk_sizes};

const struct metric_table turn_metrics_sizes = {.family = &sizes};
