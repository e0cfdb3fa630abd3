#include "server/memory.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/block.h"
#include "engine/client.h"
#include "engine/state.h"
#include "engine/tracking.h"
#include "pubsub/pubsub.h"
#include "script/scripting.h"
#include "server/lazy.h"
#include "store/evict.h"
#include "type/stream/stream.h"
#include "type/stream/stream_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DECAY_FROM    (8u << 20) /* bytes that are held and not used */
#define DECAY_TICKS   10
#define TURN_US       500                 /* the most a turn spends on eviction */
#define HEADROOM      16384               /* bytes below the limit at which an eviction ends */
#define CACHE_SHARE   16                  /* of the limit, for expanded blocks of streams */
#define SOLE_FROM     (1u << 20)          /* bytes sent by reference that are worth looking at */
#define LEAST_CLIENTS ((size_t)128 << 10) /* bytes that all clients may hold in any case */
#define CACHE_MS      1000 /* from one look for those that are not used to the next */

/* maxmemory-clients in bytes; 0: none. A percentage is one of maxmemory or, without such a limit,
 * of the machine's memory. */
static size_t asked_clients_limit(const struct server *s)
{
    long long limit = s->settings->maxmemory_clients;
    if (limit >= 0)
        return (size_t)limit;
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    double whole =
        s->settings->maxmemory ? (double)s->settings->maxmemory : (double)pages * (double)page;
    return (size_t)(whole * (double)-limit / 100);
}

/* A lower limit than the least would close every client, also the one that comes to raise it. */
static size_t clients_limit(const struct server *s)
{
    size_t limit = asked_clients_limit(s);
    return limit && limit < LEAST_CLIENTS ? LEAST_CLIENTS : limit;
}

void memory_configure(struct server *s)
{
    const struct settings *c = s->settings;
    struct engine *e = &s->engine;
    long long p = c->maxmemory_policy;
    e->store->lru.lfu = p == EVICT_ALL_LFU || p == EVICT_VOLATILE_LFU;
    e->store->lru.log_factor = (uint32_t)c->lfu_log_factor;
    e->store->lru.decay_minutes = (uint32_t)c->lfu_decay_time;
    long long cache = c->stream_cache_size, share = c->maxmemory / CACHE_SHARE;
    stream_cache_limit((size_t)(c->maxmemory && share < cache ? share : cache));
    s->clients_limit = clients_limit(s);
    s->clients_enough = 0;
    e->slow_path &= ~(unsigned)(ENGINE_MAXMEMORY | ENGINE_CLIENT_LIMIT);
    e->slow_path |=
        (c->maxmemory ? ENGINE_MAXMEMORY : 0u) | (s->clients_limit ? ENGINE_CLIENT_LIMIT : 0u);
    memory_limit_clients(s);
}

/* ---- What clients hold */

/* All of it, as client_memory() counts. */
static size_t clients_memory(const struct server *s)
{
    const struct engine *e = &s->engine;
    return e->clients.count * sizeof(struct client) + chain_total() + e->clients.held +
           e->clients.input + pubsub_memory(e->pubsub);
}

/* What the limit of data does not count: buffers must not drive data out, nor must what an eviction
 * itself makes. Bytes that really are there: a value that is sent by reference is data. */
static size_t apart(const struct server *s)
{
    const struct engine *e = &s->engine;
    return e->clients.count * sizeof(struct client) + chain_allocated() + str_messages() +
           e->clients.held + e->clients.input + pubsub_memory(e->pubsub) + tracking_pending(e) +
           s->sole_memory + scripting_machines() + e->journal->pending.cap +
           lazy_figures(s->lazy)->bytes;
}

/* Values that have been deleted and are still being sent. */
static size_t sole_memory(const struct server *s)
{
    const struct engine *e = &s->engine;
    size_t n = 0;
    if (chain_total() < chain_allocated() + SOLE_FROM)
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

void memory_limit_clients(struct server *s)
{
    struct engine *e = &s->engine;
    size_t total = clients_memory(s), sum = 0, n = 0;
    if (!s->clients_limit || total <= s->clients_enough)
        return;
    struct held *all = mem_alloc((e->clients.count + 1) * sizeof(*all));
    for (struct dlist_node *at = e->clients.all.next; at != &e->clients.all; at = at->next) {
        struct client *c = dlist_item(at, struct client, all);
        if (!c->link || (c->flags & (CLIENT_CLOSING | CLIENT_NO_EVICT)))
            continue;
        all[n] = (struct held){client_memory(c), c};
        sum += all[n++].bytes;
    }
    if (sum > s->clients_limit)
        qsort(all, n, sizeof(*all), larger_first);
    for (size_t i = 0; i < n && sum > s->clients_limit; i++) {
        log_line(LOG_NOTICE, "Evicting client: %s with %zu bytes", all[i].client->address,
                 all[i].bytes);
        sum -= all[i].bytes;
        e->stats.evicted_clients++;
        client_close(all[i].client);
    }
    mem_free(all);
    /* Until all together have grown by what is left, nothing has to be looked at. */
    s->clients_enough = total + (s->clients_limit - sum);
}

/* ---- The clock */

static void decay(struct worker_job *job)
{
    (void)job;
    mem_decay();
}

static void decayed(struct worker_job *job)
{
    struct memory_decay *d = (struct memory_decay *)job;
    d->running = false;
}

/* The allocator gives pages back while it is used; here also when nothing happens. */
static void give_back(struct server *s, size_t resident)
{
    if (s->decay.running || !s->freer || resident < s->used_memory + DECAY_FROM ||
        s->cron_runs % DECAY_TICKS)
        return;
    s->decay.running = true;
    s->decay.job = (struct worker_job){.run = decay, .done = decayed};
    worker_submit(s->freer, &s->decay.job);
}

void memory_tick(struct server *s)
{
    size_t active, resident;
    mem_stats(&s->used_memory, &active, &resident);
    give_back(s, resident);
    if (s->engine.steady_ms - s->cache_looked_ms >= CACHE_MS) {
        s->cache_looked_ms = s->engine.steady_ms;
        stream_cache_tick();
    }
    if (s->used_memory > s->peak_memory)
        s->peak_memory = s->used_memory;
    s->sole_memory = s->settings->maxmemory ? sole_memory(s) : 0;
    s->clients_enough = 0;
    memory_limit_clients(s);
    /* The counters of threads and the allocator's own statistics agree but for what was there
     * before the threads counted. */
    s->memory_offset = s->used_memory - mem_balance();
}

/* What the limit is compared with. */
static size_t counted(const struct server *s)
{
    size_t used = mem_balance() + s->memory_offset;
    size_t not_data = apart(s);
    return used > not_data ? used - not_data : 0;
}

static bool over(const struct server *s)
{
    return counted(s) > (size_t)s->settings->maxmemory;
}

/* What is evicted down to. */
static size_t target(const struct server *s)
{
    size_t limit = (size_t)s->settings->maxmemory, headroom = limit / 1024;
    return limit - (headroom < HEADROOM ? headroom : HEADROOM);
}

/* Microseconds that a turn may take for it. */
static int64_t budget_us(const struct server *s)
{
    long long t = s->settings->maxmemory_eviction_tenacity;
    return t >= 100 ? INT64_MAX / 2 : TURN_US / 10 + TURN_US * (t < 10 ? t : 10) * 9 / 100;
}

/* Evicts until there is room or the turn's time is used up. False: nothing more can be evicted. */
static bool evict(struct server *s)
{
    struct engine *e = &s->engine;
    enum evict_policy policy = (enum evict_policy)s->settings->maxmemory_policy;
    bool found = true;
    if (stream_cache_bytes()) {
        /* Not data: it goes before any. */
        stream_cache_drop();
        if (!over(s))
            return true;
    }
    if (policy == EVICT_NOTHING || !state_takes_writes(e))
        return false;
    size_t wanted = target(s);
    int64_t start_us = clock_mono_us(), cpu_us = clock_thread_us(), now_us = start_us,
            left_us = budget_us(s) - s->evict_us;
    while (found && counted(s) > wanted && now_us - start_us < left_us) {
        found = evict_one(s->evict, e->store, policy, (int)s->settings->maxmemory_samples);
        now_us = clock_mono_us();
    }
    s->evict_us += now_us - start_us;
    s->evict_cpu_us += clock_thread_us() - cpu_us;
    if (s->evict_us > s->evict_longest_us)
        s->evict_longest_us = s->evict_us;
    if (s->evict_cpu_us > s->evict_longest_cpu_us)
        s->evict_longest_cpu_us = s->evict_cpu_us;
    return found || !over(s);
}

void memory_begin_turn(struct server *s)
{
    s->evict_us = s->evict_cpu_us = 0;
    if (s->settings->maxmemory && over(s) && !(s->engine.slow_path & ENGINE_LOADING))
        evict(s);
}

bool memory_make_room(struct server *s)
{
    return !over(s) || evict(s);
}

bool memory_holds(struct server *s, const struct db *db, const struct entry *e)
{
    if (s->settings->evict_queues)
        return false;
    if (e->kind == VALUE_STREAM && ((const struct stream *)value_object(e))->groups.used)
        return true;
    return s->engine.store->waited && block_waiting_on(&s->engine, db, entry_key(e)) > 0;
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

void memory_report(struct server *s, struct engine_memory *out)
{
    struct engine *e = &s->engine;
    *out = (struct engine_memory){.startup = s->startup_memory,
                                  .clients = clients_memory(s),
                                  .apart = apart(s),
                                  .journal = e->journal->pending.cap,
                                  .rss = resident_now()};
    mem_stats(&out->used, &out->active, &out->resident);
    if (out->used > s->peak_memory)
        s->peak_memory = out->used;
    out->peak = s->peak_memory;
    out->overhead = s->startup_memory + out->clients + out->journal + stream_cache_bytes();
    for (int i = 0; i < e->store->count; i++)
        out->overhead += db_memory(&e->store->dbs[i]);
}
