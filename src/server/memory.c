/* Usage is compared with maxmemory at the beginning of each turn and before each command that may
 * grow (a flag in engine.slow_path routes commands here while a limit is set). Above the limit, in
 * this order: the cache of decompressed stream blocks is dropped, since it is no data; keys are
 * evicted by the policy until usage is slightly below the limit; if nothing can be evicted, the
 * command is refused. Each turn spends a bounded time on eviction and the next one continues.
 *
 * The comparison must be cheap: it uses per-thread counters (mem_balance()), which each tick
 * corrects by the allocator's statistics. It leaves out what must not evict data: buffers of
 * clients, the journal, and values that are still being freed or sent.
 *
 * maxmemory-clients is separate: when all clients together exceed it, the largest are closed. Their
 * sum is compared often, each client examined rarely: below clients_enough nobody can be over. */
#include "server/memory.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/block.h"
#include "engine/client.h"
#include "engine/state.h"
#include "engine/tracking.h"
#include "pubsub/pubsub.h"
#include "replica/replication.h"
#include "script/scripting.h"
#include "server/lazy.h"
#include "store/evict.h"
#include "type/stream/stream.h"
#include "type/stream/stream_context.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DECAY_FROM    (8u << 20) /* unused pages from which on they are returned */
#define MEASURE_TICKS 10
#define TURN_US       500                 /* eviction budget of a turn */
#define HEADROOM      16384               /* distance below the limit at which eviction stops */
#define CACHE_SHARE   16                  /* 1/16 of the limit for decompressed stream blocks */
#define SOLE_FROM     (1u << 20)          /* below this, output sent by reference is not examined */
#define LEAST_CLIENTS ((size_t)128 << 10) /* lower bound of maxmemory-clients */
#define CACHE_MS      1000                /* between sweeps of the cache for unused blocks */
#define SAME          ((size_t)256 << 10) /* two measurements no further apart agree */

/* The allocator's statistics, read on the freeing thread: this blocks while another thread returns
 * pages, which can take a tenth of a second. */
struct measuring {
    struct worker_job job;
    bool running, gives_back;
    size_t used, active, resident, balance;
};

struct memory {
    struct engine *engine;
    const struct lazy *lazy;
    struct worker *freer;
    struct evict *evict;
    struct measuring measuring;
    size_t active, resident; /* as of the last measuring */
    bool background;         /* the allocator has a thread that gives pages back */
    uint64_t ticks;
    bool drifts; /* the log says that this replica evicts */
    /* As of the last tick. */
    size_t used, sole; /* sole: deleted values still being sent */
    size_t peak, startup;
    struct memory_uncounted uncounted;
    size_t clients_limit;    /* maxmemory-clients in bytes; 0: none */
    size_t clients_enough;   /* below this sum memory_limit_clients() does nothing */
    int64_t cache_looked_ms; /* when the cache was swept last */
    /* Time spent on eviction in this turn, and the most in any turn: by the clock and of the
     * processor. */
    int64_t turn_us, longest_us, turn_cpu_us, longest_cpu_us;
    /* Time above maxmemory, as sampled by ticks. */
    int64_t over_since_ms; /* 0: it is not */
    int64_t over_ms;
};

struct memory *memory_new(struct engine *e, const struct lazy *lazy, struct worker *freer)
{
    struct memory *m = mem_zalloc(sizeof(*m));
    m->engine = e;
    m->lazy = lazy;
    m->freer = freer;
    m->evict = evict_new();
    return m;
}

void memory_free(struct memory *m)
{
    evict_free(m->evict);
    mem_free(m);
}

static size_t sole_memory(const struct memory *m);

/* ---- Usage */

static void ask_allocator(struct worker_job *job)
{
    struct measuring *x = dlist_item(job, struct measuring, job);
    if (x->gives_back)
        mem_decay();
    mem_stats(&x->used, &x->active, &x->resident);
    x->balance = mem_balance();
}

void memory_uncounted_take(struct memory_uncounted *u, size_t used, size_t balance)
{
    size_t seen = used - balance, apart = seen > u->seen ? seen - u->seen : u->seen - seen;
    if (apart <= SAME)
        u->bytes = seen;
    u->seen = seen;
}

static void take_answer(struct memory *m)
{
    memory_uncounted_take(&m->uncounted, m->measuring.used, m->measuring.balance);
    m->active = m->measuring.active;
    m->resident = m->measuring.resident;
}

static void answered(struct worker_job *job)
{
    struct memory *m = dlist_item(job, struct memory, measuring.job);
    take_answer(m);
    m->measuring.running = false;
}

/* jemalloc without a thread of its own returns dirty pages only on activity: the freeing thread
 * does it when the server is idle. */
static void measure(struct memory *m)
{
    struct measuring *x = &m->measuring;
    if (x->running)
        return;
    x->gives_back = !m->background && m->resident >= m->used + DECAY_FROM;
    x->job = (struct worker_job){.run = ask_allocator, .done = answered};
    if (m->freer) {
        x->running = true;
        worker_submit(m->freer, &x->job);
    } else {
        x->gives_back = false;
        ask_allocator(&x->job);
        take_answer(m);
    }
}

/* Between measurements the counters of threads give the change. */
static void count(struct memory *m)
{
    m->used = mem_balance() + m->uncounted.bytes;
    m->sole = m->engine->settings->maxmemory ? sole_memory(m) : 0;
}

void memory_begin(struct memory *m)
{
    ask_allocator(&m->measuring.job);
    take_answer(m);
    m->uncounted.bytes = m->uncounted.seen;
    memory_configure(m);
    memory_tick(m);
    m->startup = mem_used();
}

/* maxmemory-clients in bytes; 0: none. A percentage is one of maxmemory or, without such a limit,
 * of the machine's memory. */
static size_t asked_clients_limit(const struct settings *c)
{
    long long limit = c->maxmemory_clients;
    if (limit >= 0)
        return (size_t)limit;
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    double whole = c->maxmemory ? (double)c->maxmemory : (double)pages * (double)page;
    return (size_t)(whole * (double)-limit / 100);
}

/* A lower limit would close every client, including the one that comes to raise it. */
static size_t clients_limit(const struct settings *c)
{
    size_t limit = asked_clients_limit(c);
    return limit && limit < LEAST_CLIENTS ? LEAST_CLIENTS : limit;
}

void memory_configure(struct memory *m)
{
    const struct settings *c = m->engine->settings;
    struct engine *e = m->engine;
    long long p = c->maxmemory_policy;
    if (m->background != c->jemalloc_bg_thread)
        mem_background(m->background = c->jemalloc_bg_thread);
    e->store->lru.lfu = p == EVICT_ALL_LFU || p == EVICT_VOLATILE_LFU;
    e->store->lru.log_factor = (uint32_t)c->lfu_log_factor;
    e->store->lru.decay_minutes = (uint32_t)c->lfu_decay_time;
    long long cache = c->stream_cache_size, share = c->maxmemory / CACHE_SHARE;
    stream_cache_limit(e->store->streams->cache,
                       (size_t)(c->maxmemory && share < cache ? share : cache));
    m->clients_limit = clients_limit(c);
    m->clients_enough = 0;
    e->slow_path &= ~(unsigned)(ENGINE_MAXMEMORY | ENGINE_CLIENT_LIMIT);
    e->slow_path |=
        (c->maxmemory ? ENGINE_MAXMEMORY : 0u) | (m->clients_limit ? ENGINE_CLIENT_LIMIT : 0u);
    /* Applies a new limit to the present usage, not to that of the last tick. */
    count(m);
    memory_limit_clients(m);
}

/* ---- Memory of clients */

/* All clients together, counted as client_memory() does. */
static size_t clients_memory(const struct engine *e)
{
    return e->clients.count * sizeof(struct client) + e->clients.blocks.total + e->clients.held +
           e->clients.input + pubsub_memory(e->pubsub);
}

static size_t backlog_size(const struct engine *e)
{
    const struct replication *r = e->replication;
    return r ? backlog_memory(&r->backlog) : 0;
}

/* What is kept of the stream for replicas that are slow, or being copied. */
static size_t backlog_beyond(const struct engine *e)
{
    size_t has = backlog_size(e), may = (size_t)e->settings->repl_backlog_size;
    return has > may ? has - may : 0;
}

/* Memory that maxmemory does not count: buffers must not drive data out, nor must what eviction
 * itself allocates. Only real allocations: a value sent by reference is data. */
static size_t apart(const struct memory *m)
{
    const struct engine *e = m->engine;
    return e->clients.count * sizeof(struct client) + e->clients.blocks.allocated + str_messages() +
           e->clients.held + e->clients.input + pubsub_memory(e->pubsub) + tracking_pending(e) +
           m->sole + scripting_machines() + e->journal->pending.cap + backlog_beyond(e) +
           lazy_figures(m->lazy)->bytes;
}

/* Deleted values that are still being sent. */
static size_t sole_memory(const struct memory *m)
{
    const struct engine *e = m->engine;
    size_t n = 0;
    if (e->clients.blocks.total < e->clients.blocks.allocated + SOLE_FROM)
        return 0;
    for (struct dlist_node *at = e->clients.all.next; at != &e->clients.all; at = at->next)
        n += chain_sole(&dlist_item(at, struct client, all)->out);
    size_t messages = str_messages();
    return n > messages ? n - messages : 0;
}

struct held {
    size_t bytes;
    struct client *client;
};

static int larger_first(const void *a, const void *b)
{
    const struct held *x = a, *y = b;
    return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

void memory_limit_clients(struct memory *m)
{
    struct engine *e = m->engine;
    size_t total = clients_memory(e), sum = 0, n = 0;
    if (!m->clients_limit || total <= m->clients_enough)
        return;
    struct held *all = mem_alloc((e->clients.count + 1) * sizeof(*all));
    for (struct dlist_node *at = e->clients.all.next; at != &e->clients.all; at = at->next) {
        struct client *c = dlist_item(at, struct client, all);
        if (!c->link || (c->flags & (CLIENT_CLOSING | CLIENT_NO_EVICT | CLIENT_REPLICA)))
            continue;
        all[n] = (struct held){client_memory(c), c};
        sum += all[n++].bytes;
    }
    if (sum > m->clients_limit)
        qsort(all, n, sizeof(*all), larger_first);
    for (size_t i = 0; i < n && sum > m->clients_limit; i++) {
        log_line(LOG_NOTICE, "Evicting client: %s with %zu bytes", all[i].client->address,
                 all[i].bytes);
        sum -= all[i].bytes;
        e->stats.evicted_clients++;
        client_close(all[i].client);
    }
    mem_free(all);
    /* Nobody can be over before the sum has grown by the difference. */
    m->clients_enough = total + (m->clients_limit - sum);
}

/* ---- The tick */

static void watch_limit(struct memory *m)
{
    int64_t now_ms = m->engine->steady_ms;
    const struct settings *c = m->engine->settings;
    bool over = c->maxmemory && m->used > (size_t)c->maxmemory;
    if (m->over_since_ms && !over) {
        m->over_ms += now_ms - m->over_since_ms;
        m->over_since_ms = 0;
    } else if (!m->over_since_ms && over) {
        m->over_since_ms = now_ms;
    }
}

void memory_tick(struct memory *m)
{
    if (m->ticks % MEASURE_TICKS == 0)
        measure(m);
    count(m);
    if (m->engine->steady_ms - m->cache_looked_ms >= CACHE_MS) {
        m->cache_looked_ms = m->engine->steady_ms;
        stream_cache_tick(m->engine->store->streams->cache);
    }
    if (m->used > m->peak)
        m->peak = m->used;
    m->clients_enough = 0;
    memory_limit_clients(m);
    watch_limit(m);
    m->ticks++;
}

/* Usage as maxmemory counts it. */
static size_t counted(const struct memory *m)
{
    size_t used = mem_balance() + m->uncounted.bytes;
    size_t not_data = apart(m);
    return used > not_data ? used - not_data : 0;
}

static bool over(const struct memory *m)
{
    return counted(m) > (size_t)m->engine->settings->maxmemory;
}

/* Eviction stops here. */
static size_t target(const struct memory *m)
{
    size_t limit = (size_t)m->engine->settings->maxmemory, headroom = limit / 1024;
    return limit - (headroom < HEADROOM ? headroom : HEADROOM);
}

/* Eviction budget of a turn, in microseconds. */
static int64_t budget_us(const struct memory *m)
{
    long long t = m->engine->settings->maxmemory_eviction_tenacity;
    return t >= 100 ? INT64_MAX / 2 : TURN_US / 10 + TURN_US * (t < 10 ? t : 10) * 9 / 100;
}

/* Logs that a replica evicts keys which its primary still has. */
static void log_drift(struct memory *m)
{
    if (m->drifts || !(m->engine->slow_path & ENGINE_REPLICA))
        return;
    m->drifts = true;
    log_line(LOG_WARNING, "This replica evicts keys (replica-ignore-maxmemory no): its data now "
                          "differs from its primary's.");
}

/* Evicts until there is room or the turn's budget is used up. Returns false when nothing more can
 * be evicted. */
static bool evict(struct memory *m)
{
    struct engine *e = m->engine;
    enum evict_policy policy = (enum evict_policy)m->engine->settings->maxmemory_policy;
    bool found = true;
    if (stream_cache_bytes(e->store->streams->cache)) {
        /* It is no data: dropped first. */
        stream_cache_drop(e->store->streams->cache);
        if (!over(m))
            return true;
    }
    if (policy == EVICT_NOTHING || !state_may_evict(e))
        return false;
    log_drift(m);
    size_t wanted = target(m);
    int64_t start_us = clock_mono_us(), cpu_us = clock_thread_us(), now_us = start_us,
            left_us = budget_us(m) - m->turn_us;
    while (found && counted(m) > wanted && now_us - start_us < left_us) {
        found = evict_one(m->evict, e->store, policy, (int)m->engine->settings->maxmemory_samples);
        now_us = clock_mono_us();
    }
    m->turn_us += now_us - start_us;
    m->turn_cpu_us += clock_thread_us() - cpu_us;
    if (m->turn_us > m->longest_us)
        m->longest_us = m->turn_us;
    if (m->turn_cpu_us > m->longest_cpu_us)
        m->longest_cpu_us = m->turn_cpu_us;
    return found || !over(m);
}

void memory_begin_turn(struct memory *m)
{
    m->turn_us = m->turn_cpu_us = 0;
    if (m->engine->settings->maxmemory && over(m) && !(m->engine->slow_path & ENGINE_LOADING) &&
        !state_ignores_memory(m->engine))
        evict(m);
}

bool memory_make_room(struct memory *m)
{
    return state_ignores_memory(m->engine) || !over(m) || evict(m);
}

/* Consumers rely on its content, or on messages to come. */
static bool is_queue(const struct stream *s)
{
    const struct stream_extra *x = s->extra;
    return s->groups.used ||
           (x && (stream_future_count(&x->future) || stream_schedules_count(&x->schedules) ||
                  stream_captures_count(&x->captures)));
}

bool memory_holds(const struct memory *m, const struct db *db, const struct entry *e)
{
    if (m->engine->settings->evict_queues)
        return false;
    if (e->kind == VALUE_STREAM && is_queue(value_object(e)))
        return true;
    return m->engine->store->waited && block_waiting_on(m->engine, db, entry_key(e), -1) > 0;
}

static size_t resident_now(void)
{
    size_t pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f) {
        if (fscanf(f, "%*s %zu", &pages) != 1)
            pages = 0;
        fclose(f);
    }
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static size_t replicas_memory(const struct engine *e)
{
    size_t n = 0;
    for (struct dlist_node *at = e->clients.all.next; at != &e->clients.all; at = at->next) {
        const struct client *c = dlist_item(at, struct client, all);
        n += c->flags & CLIENT_REPLICA ? client_memory(c) : 0;
    }
    return n;
}

void memory_report(struct memory *m, struct engine_memory *out)
{
    struct engine *e = m->engine;
    *out = (struct engine_memory){.startup = m->startup,
                                  .clients = clients_memory(e),
                                  .apart = apart(m),
                                  .journal = e->journal->pending.cap,
                                  .backlog = backlog_size(e),
                                  .replicas = replicas_memory(e),
                                  .rss = resident_now()};
    out->used = mem_balance() + m->uncounted.bytes;
    out->active = m->active;
    out->resident = m->resident;
    if (out->used > m->peak)
        m->peak = out->used;
    out->peak = m->peak;
    out->overhead = m->startup + out->clients + out->journal + out->backlog +
                    stream_cache_bytes(e->store->streams->cache);
    for (int i = 0; i < e->store->count; i++)
        out->overhead += db_memory(&e->store->dbs[i]);
}

void memory_client_gone(struct memory *m)
{
    m->clients_enough = 0;
}

void memory_figures(const struct memory *m, struct memory_figures *out)
{
    int64_t now_ms = m->over_since_ms ? m->engine->steady_ms - m->over_since_ms : 0;
    *out = (struct memory_figures){.peak = m->peak,
                                   .startup = m->startup,
                                   .evict_longest_us = m->longest_us,
                                   .evict_longest_cpu_us = m->longest_cpu_us,
                                   .over_limit_ms = m->over_ms + now_ms,
                                   .over_limit_now_ms = now_ms};
}

void memory_reset_statistics(struct memory *m)
{
    m->over_ms = 0;
    if (m->over_since_ms)
        m->over_since_ms = m->engine->steady_ms;
    m->longest_us = m->longest_cpu_us = 0;
}

size_t memory_stream_cache(const struct memory *m)
{
    return stream_cache_bytes(m->engine->store->streams->cache);
}
