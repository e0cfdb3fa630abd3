#include "store/lru.h"

#include "base/assert.h"

#define CLOCK_BITS  24
#define CLOCK_MASK  ((1u << CLOCK_BITS) - 1)
#define COUNTER_MAX 255u
/* The counter of a new entry: with 0 it would be evicted before its first use. */
#define COUNTER_NEW 5u

void lru_init(struct lru *l, uint64_t seed)
{
    *l = (struct lru){.log_factor = 10, .decay_minutes = 1};
    rng_seed(&l->rng, seed);
}

void lru_set_time(struct lru *l, int64_t now_ms)
{
    l->clock = (uint32_t)(now_ms / LRU_TICK_MS) & CLOCK_MASK;
    l->minute = (uint32_t)(now_ms / 60000) & 0xffff;
}

/* LFU: minute 16 | counter 8. */
static void put(const struct lru *l, struct entry *e, unsigned counter)
{
    ASSERT(counter <= COUNTER_MAX && l->minute <= 0xffff);
    e->lru = (l->minute << 8 | counter) & CLOCK_MASK;
}

/* The counter decays when it is read, by the minutes since it was written, so that no walk over all
 * keys is needed. */
unsigned lru_frequency(const struct lru *l, const struct entry *e)
{
    unsigned counter = e->lru & COUNTER_MAX;
    uint32_t passed = (l->minute - (e->lru >> 8)) & 0xffff;
    uint32_t decay = l->decay_minutes ? passed / l->decay_minutes : 0;
    return decay > counter ? 0 : counter - decay;
}

/* A use raises the counter by one with the probability 1 / (log_factor * (counter - 5) + 1). */
static void count_use(struct lru *l, struct entry *e)
{
    unsigned counter = lru_frequency(l, e);
    if (counter < COUNTER_MAX) {
        double above = counter > COUNTER_NEW ? counter - COUNTER_NEW : 0;
        double chance = 1 / (above * (double)l->log_factor + 1);
        if ((double)(rng_next(&l->rng) >> 11) * 0x1p-53 < chance)
            counter++;
    }
    put(l, e, counter);
}

void lru_touch(struct lru *l, struct entry *e)
{
    if (__builtin_expect(l->lfu, 0))
        count_use(l, e);
    else
        e->lru = l->clock & CLOCK_MASK;
}

void lru_begin(const struct lru *l, struct entry *e)
{
    if (l->lfu)
        put(l, e, COUNTER_NEW);
    else
        e->lru = l->clock & CLOCK_MASK;
}

uint32_t lru_idle_ticks(const struct lru *l, const struct entry *e)
{
    ASSERT(l->clock <= CLOCK_MASK);
    return (l->clock - e->lru) & CLOCK_MASK;
}

uint32_t lru_idle_s(const struct lru *l, const struct entry *e)
{
    return lru_idle_ticks(l, e) / (1000 / LRU_TICK_MS);
}

void lru_set(const struct lru *l, struct entry *e, long long idle_s, long long frequency)
{
    if (l->lfu && frequency >= 0)
        put(l, e, (unsigned)frequency);
    else if (!l->lfu && idle_s >= 0)
        e->lru = (l->clock - (uint32_t)(idle_s * (1000 / LRU_TICK_MS))) & CLOCK_MASK;
}
