#include "store/lru.h"

#define FIRST 5u /* the counter of a new entry: it must not go before it could show its worth */

static uint32_t minute(const struct store *s)
{
    return (uint32_t)(s->now_ms / 60000) & 0xffff;
}

unsigned lru_frequency(const struct store *s, const struct entry *e)
{
    unsigned counter = e->lru & 0xff;
    uint32_t passed = (minute(s) - (e->lru >> 8)) & 0xffff;
    uint64_t down = s->lfu_decay_minutes ? passed / s->lfu_decay_minutes : 0;
    return down > counter ? 0 : counter - (unsigned)down;
}

static void count_use(struct store *s, struct entry *e)
{
    unsigned counter = lru_frequency(s, e);
    if (counter < 255) {
        double above = counter > FIRST ? counter - FIRST : 0;
        double chance = 1 / (above * (double)s->lfu_log_factor + 1);
        if ((double)(rng_next(&s->rng) >> 11) * 0x1p-53 < chance)
            counter++;
    }
    e->lru = (minute(s) << 8 | counter) & 0xffffff;
}

void lru_touch(struct store *s, struct entry *e)
{
    if (__builtin_expect(s->lfu, 0))
        count_use(s, e);
    else
        e->lru = s->lru_clock & 0xffffff;
}

void lru_begin(const struct store *s, struct entry *e)
{
    e->lru = (s->lfu ? minute(s) << 8 | FIRST : s->lru_clock) & 0xffffff;
}

uint32_t lru_idle_ticks(const struct store *s, const struct entry *e)
{
    return (s->lru_clock - e->lru) & 0xffffff;
}

uint32_t lru_idle_s(const struct store *s, const struct entry *e)
{
    return lru_idle_ticks(s, e) / (1000 / LRU_TICK_MS);
}

void lru_set(const struct store *s, struct entry *e, long long idle_s, long long frequency)
{
    if (s->lfu && frequency >= 0)
        e->lru = (minute(s) << 8 | (unsigned)frequency) & 0xffffff;
    else if (!s->lfu && idle_s >= 0)
        e->lru = (s->lru_clock - (uint32_t)(idle_s * (1000 / LRU_TICK_MS))) & 0xffffff;
}
