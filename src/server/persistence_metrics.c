#include "server/persistence_metrics.h"

#include "base/clock.h"
#include "persist/aof.h"
#include "server/persistence.h"

static void gather(const void *owner, void *figures)
{
    persistence_figures(owner, figures);
}

static int64_t whole_seconds(int64_t ms)
{
    return ms < 0 ? -1 : ms / 1000;
}

static double loaded_part(const struct loader_figures *l)
{
    return l->total ? (double)l->done / (double)l->total : 0;
}

/* Assumes that loading continues at its average speed. */
static double seconds_left(const struct loader_figures *l)
{
    double part = loaded_part(l), seconds = (double)(clock_wall_ms() - l->started_ms) / 1000;
    return part > 0 ? seconds / part - seconds : 1;
}

#define M(type, unit, flags, info, name, value, help)                                              \
    METRIC_GETTER(const struct persistence_figures *f, info, value)
#include "server/persistence_metrics.def"
#undef M

#define M METRIC_ROW
static const struct metric rows[] = {
#include "server/persistence_metrics.def"
};
#undef M

const struct metric_table persistence_metrics = {.rows = rows,
                                                 .n = METRIC_COUNT(rows),
                                                 .figures = sizeof(struct persistence_figures),
                                                 .gather = gather};
