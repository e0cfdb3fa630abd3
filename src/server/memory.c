#include "server/memory.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/block.h"
#include "engine/client.h"
#include "store/evict.h"
#include "type/stream/stream.h"
#include "type/stream/stream_cache.h"

#include <stdio.h>
#include <unistd.h>

#define DECAY_FROM  (8u << 20) /* bytes that are held and not used */
#define DECAY_TICKS 10
#define TURN_US     500   /* the most a turn spends on eviction */
#define HEADROOM    16384 /* bytes below the limit at which an eviction ends */
#define CACHE_SHARE 16    /* of the limit, for expanded blocks of streams */
#define CACHE_MS    1000  /* from one look for those that are not used to the next */

void memory_configure(struct server *s)
{
    const struct settings *c = s->settings;
    struct engine *e = &s->engine;
    long long p = c->maxmemory_policy;
    e->store->lfu = p == EVICT_ALL_LFU || p == EVICT_VOLATILE_LFU;
    e->store->lfu_log_factor = (uint32_t)c->lfu_log_factor;
    e->store->lfu_decay_minutes = (uint32_t)c->lfu_decay_time;
    long long cache = c->stream_cache_size, share = c->maxmemory / CACHE_SHARE;
    stream_cache_limit((size_t)(c->maxmemory && share < cache ? share : cache));
    if (c->maxmemory)
        e->special |= ENGINE_MAXMEMORY;
    else
        e->special &= ~(unsigned)ENGINE_MAXMEMORY;
}

static size_t clients_memory(struct server *s)
{
    struct engine *e = &s->engine;
    size_t n = 0;
    for (struct dlist_node *at = e->clients.next; at != &e->clients; at = at->next)
        n += client_memory(dlist_item(at, struct client, all));
    return n;
}

size_t memory_clients_limit(const struct server *s)
{
    long long limit = s->settings->maxmemory_clients;
    if (limit >= 0)
        return (size_t)limit;
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    double whole =
        s->settings->maxmemory ? (double)s->settings->maxmemory : (double)pages * (double)page;
    return (size_t)(whole * (double)-limit / 100);
}

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
    if (s->decay.running || !s->lazy || resident < s->used_memory + DECAY_FROM ||
        s->cron_runs % DECAY_TICKS)
        return;
    s->decay.running = true;
    s->decay.job = (struct worker_job){.run = decay, .done = decayed};
    worker_submit(s->lazy, &s->decay.job);
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
    s->client_memory = s->settings->maxmemory ? clients_memory(s) : 0;
    /* The counters of threads and the allocator's own statistics agree but for what was there
     * before the threads counted. */
    s->memory_offset = s->used_memory - mem_balance();
}

/* What the limit is compared with. */
static size_t counted(const struct server *s)
{
    size_t used = mem_balance() + s->memory_offset;
    size_t apart = s->client_memory + s->engine.journal->pending.cap + s->lazy_bytes;
    return used > apart ? used - apart : 0;
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
    if (policy == EVICT_NOTHING || (e->special & ENGINE_DISK_FAILED) || e->store->expiry_paused)
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
    if (s->settings->maxmemory && over(s) && !(s->engine.special & ENGINE_LOADING))
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
