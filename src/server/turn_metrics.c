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
