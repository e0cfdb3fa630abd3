#include "server/cron.h"

#include "base/clock.h"
#include "base/mem.h"
#include "engine/act.h"
#include "engine/client.h"
#include "engine/observe.h"
#include "replica/replica.h"
#include "server/backup.h"
#include "server/console_link.h"
#include "server/link.h"
#include "server/listeners.h"
#include "server/memory.h"
#include "server/now.h"
#include "server/persistence.h"
#include "server/rate.h"
#include "server/shutdown.h"
#include "server/turn.h"
#include "store/expire.h"
#include "store/own.h"
#include "type/stream/stream.h"

#define EXPIRE_US     1000 /* budget of one step of active expiry */
#define EXPIRE_MORE   64   /* another step follows one with so many deletions */
#define DEDUP_STREAMS 16   /* streams per tick that are searched for expired message ids */
#define MOST_HZ       500

struct cron {
    struct cron_parts parts;
    struct loop_timer *timer;
    uint64_t runs;
    uint64_t ticks; /* time spent here, of the cycle counter */
    struct rate commands, net_in, net_out, repl_in, repl_out, turns, turn_ticks;
    uint64_t expire_us, expire_capped;
};

static void tick_due(void *context);

static int64_t period_ms(const struct settings *s)
{
    long long hz = s->hz < 1 ? 1 : s->hz > MOST_HZ ? MOST_HZ : s->hz;
    return 1000 / hz;
}

struct cron *cron_new(struct loop *l, const struct cron_parts *parts)
{
    struct cron *c = mem_zalloc(sizeof(*c));
    c->parts = *parts;
    c->timer = loop_timer_new(l, period_ms(parts->engine->settings), tick_due, c);
    return c;
}

void cron_free(struct cron *c)
{
    loop_timer_free(c->timer);
    mem_free(c);
}

void cron_configure(struct cron *c)
{
    loop_timer_period(c->timer, period_ms(c->parts.engine->settings));
}

static void sample_rates(struct cron *c)
{
    const struct engine *e = c->parts.engine;
    const struct turn_figures *t = turn_figures(c->parts.turn);
    rate_sample(&c->commands, e->stats.total_commands, e->steady_ms);
    rate_sample(&c->turns, t->turns, e->steady_ms);
    rate_sample(&c->turn_ticks, t->ticks, e->steady_ms);
    rate_sample(&c->net_in, e->stats.total_in, e->steady_ms);
    rate_sample(&c->net_out, e->stats.total_out, e->steady_ms);
    const struct replication_figures *r = &c->parts.replication->figures;
    rate_sample(&c->repl_in, r->bytes_in, e->steady_ms);
    rate_sample(&c->repl_out, r->bytes_out, e->steady_ms);
}

/* Active expiry: deletes keys past their TTL that nobody accesses; on a replica only its own. */
static void expire(struct cron *c)
{
    const struct engine *e = c->parts.engine;
    long long left = 25 * e->settings->active_expire_effort;
    int64_t began_us = clock_mono_us();
    size_t (*step)(struct store *, int64_t) = act_may(e) ? expire_step : own_expire_step;
    while (left > 0 && step(e->store, EXPIRE_US) >= EXPIRE_MORE)
        left--;
    c->expire_us += (uint64_t)(clock_mono_us() - began_us);
    c->expire_capped += left == 0;
}

static void tick(struct cron *c)
{
    struct engine *e = c->parts.engine;
    /* The clock stands still for a long script, and nothing else may change data. */
    if (e->slow_path & ENGINE_BUSY)
        return;
    shutdown_obey(c->parts.shutdown);
    if (shutdown_is_stopping(c->parts.shutdown))
        return;
    now_read(e);
    if (e->debug.pause_cron)
        return;
    c->runs++;
    sample_rates(c);
    observe_configure(e); /* the calibration of the cycle counter improves with time */
    memory_tick(c->parts.memory);
    if (e->debug.active_expire && act_may_for_itself(e))
        expire(c);
    stream_dedup_expire_some(&e->store->streams->with_records, e->now_ms, DEDUP_STREAMS);
    long long hz = e->settings->hz;
    if (c->runs % (uint64_t)(hz > 10 ? hz / 10 : 1) == 0) {
        link_tick(c->parts.links);
        listeners_tick(c->parts.listeners);
        console_link_tick(c->parts.console);
    }
    persistence_tick(c->parts.persistence);
    replica_tick(c->parts.replication);
    backup_tick(c->parts.backup);
}

static void tick_due(void *context)
{
    struct cron *c = context;
    uint64_t began = clock_ticks();
    tick(c);
    c->ticks += clock_ticks() - began;
}

void cron_figures(const struct cron *c, struct cron_figures *out)
{
    *out = (struct cron_figures){.commands = rate_mean(&c->commands),
                                 .net_in = rate_mean(&c->net_in),
                                 .net_out = rate_mean(&c->net_out),
                                 .repl_in = rate_mean(&c->repl_in),
                                 .repl_out = rate_mean(&c->repl_out),
                                 .turns = rate_mean(&c->turns),
                                 .turn_ticks = rate_mean(&c->turn_ticks),
                                 .ticks = c->ticks,
                                 .expire_us = c->expire_us,
                                 .expire_capped = c->expire_capped};
}

void cron_reset_statistics(struct cron *c)
{
    c->commands = c->net_in = c->net_out = c->repl_in = c->repl_out = c->turns = c->turn_ticks =
        (struct rate){0};
    c->ticks = c->expire_us = c->expire_capped = 0;
}
