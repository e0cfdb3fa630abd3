#include "server/turn_metrics.h"

#include "base/clock.h"
#include "server/memory.h"
#include "server/server.h"
#include "server/turn.h"

struct figures {
    const struct turn_figures *turn;
    struct {
        int64_t over_limit_ms, over_limit_now_ms, evict_longest_us, evict_longest_cpu_us;
    } memory;
    double commands, net_in, net_out, cycles, cycle_ticks; /* a second */
    uint64_t cron_ticks, expire_us, expire_capped;
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
    const struct server *s = owner;
    struct figures *f = figures;
    f->turn = turn_figures(s->turn);
    int64_t over_ms = s->over_limit_since_ms ? s->engine.steady_ms - s->over_limit_since_ms : 0;
    f->memory.over_limit_ms = s->over_limit_ms + over_ms;
    f->memory.over_limit_now_ms = over_ms;
    f->memory.evict_longest_us = s->evict_longest_us;
    f->memory.evict_longest_cpu_us = s->evict_longest_cpu_us;
    f->commands = rate_mean(&s->commands);
    f->net_in = rate_mean(&s->net_in);
    f->net_out = rate_mean(&s->net_out);
    f->cycles = rate_mean(&s->cycles);
    f->cycle_ticks = rate_mean(&s->cycle_ticks);
    f->cron_ticks = s->cron_ticks;
    f->expire_us = s->expire_us;
    f->expire_capped = s->expire_capped;
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
