#include "server/cron.h"

#include "base/clock.h"
#include "base/log.h"
#include "engine/act.h"
#include "engine/client.h"
#include "engine/observe.h"
#include "server/backup.h"
#include "server/link.h"
#include "server/memory.h"
#include "server/now.h"
#include "server/saver.h"
#include "server/shutdown.h"
#include "server/turn.h"
#include "store/expire.h"
#include "type/stream/stream_dedup.h"

#include <sys/resource.h>

#define RESERVED_FILES 32
#define EXPIRE_US      1000 /* a tick's share for passed deadlines */
#define DEDUP_STREAMS  16   /* a tick looks for old message ids in so many streams */
#define EXPIRE_MORE    64   /* deletions in a step after which another follows */

int64_t cron_period_ms(const struct server *s)
{
    long long hz = s->settings->hz < 1 ? 1 : s->settings->hz > 500 ? 500 : s->settings->hz;
    return 1000 / hz;
}

static void expire(struct server *s)
{
    long long left = 25 * s->settings->active_expire_effort;
    int64_t began_us = clock_mono_us();
    while (left > 0 && expire_step(s->engine.store, EXPIRE_US) >= EXPIRE_MORE)
        left--;
    s->expire_us += (uint64_t)(clock_mono_us() - began_us);
    s->expire_capped += left == 0;
}

/* How long there has been more than maxmemory, as far as ticks can see it. */
static void watch_limit(struct server *s)
{
    int64_t now_ms = s->engine.steady_ms;
    bool over = s->settings->maxmemory && s->used_memory > (size_t)s->settings->maxmemory;
    if (s->over_limit_since_ms && !over) {
        s->over_limit_ms += now_ms - s->over_limit_since_ms;
        s->over_limit_since_ms = 0;
    } else if (!s->over_limit_since_ms && over) {
        s->over_limit_since_ms = now_ms;
    }
}

static void tick(struct server *s);

void cron_due(void *context)
{
    struct server *s = context;
    uint64_t began = clock_ticks();
    tick(s);
    s->cron_ticks += clock_ticks() - began;
}

static void tick(struct server *s)
{
    struct engine *e = &s->engine;
    /* While a script runs its time stands still, and nothing changes data. */
    if (e->slow_path & ENGINE_BUSY)
        return;
    shutdown_obey(s);
    if (s->stopping)
        return;
    now_read(s);
    if (e->debug.pause_cron)
        return;
    s->cron_runs++;
    rate_sample(&s->commands, e->stats.total_commands, e->steady_ms);
    rate_sample(&s->cycles, turn_figures(s->turn)->turns, e->steady_ms);
    rate_sample(&s->cycle_ticks, turn_figures(s->turn)->ticks, e->steady_ms);
    rate_sample(&s->net_in, e->stats.total_in, e->steady_ms);
    rate_sample(&s->net_out, e->stats.total_out, e->steady_ms);
    observe_configure(e); /* the cycle counter is known better with time */
    memory_tick(s);
    if (e->debug.active_expire && act_may(e))
        expire(s);
    watch_limit(s);
    stream_dedup_expire_some(e->now_ms, DEDUP_STREAMS);
    if (s->cron_runs % (uint64_t)(s->settings->hz > 10 ? s->settings->hz / 10 : 1) == 0)
        link_tick(s);
    saver_tick(s->saver);
    backup_tick(s->backup);
}

long long cron_raise_file_limit(long long clients)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)clients + RESERVED_FILES;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
        return clients;
    struct rlimit raised = {wanted, limit.rlim_max > wanted ? limit.rlim_max : wanted};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
        return clients;
    raised = (struct rlimit){limit.rlim_max, limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &raised) < 0)
        raised = limit;
    return raised.rlim_cur < wanted ? (long long)raised.rlim_cur - RESERVED_FILES : clients;
}
