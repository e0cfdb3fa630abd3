/* What an entry's 24 bits of use mean. Under an LRU policy: the quarter of a second of the last use
 * (it wraps after 48 days; Redis keeps seconds, but a finer clock keeps an order among keys that
 * are used often). Under an LFU policy: a counter of 8 bits that grows with the logarithm of the
 * uses (Morris 1978), below the minute (16 bits) at which it last went down. The law of the counter
 * is the one that Redis documents (lfu-log-factor, lfu-decay-time).
 *
 * Knows entries, not the keyspace: a store has one struct lru, which is told the time once a turn.
 */
#ifndef STORE_LRU_H
#define STORE_LRU_H

#include "base/rng.h"
#include "ds/entry.h"

#define LRU_TICK_MS 250

struct lru {
    uint32_t clock;  /* ticks: what a use writes into an entry; 24 bits */
    uint32_t minute; /* the same moment for LFU; 16 bits */
    bool lfu;        /* entries count how often they are used, not when */
    uint32_t log_factor, decay_minutes;
    struct rng rng; /* whether a use counts */
};

/* Redis' defaults: LRU, factor 10, one minute. */
void lru_init(struct lru *l, uint64_t seed);
void lru_set_time(struct lru *l, int64_t now_ms);
/* A use. Cost: a store, or under LFU a few floating point operations. */
void lru_touch(struct lru *l, struct entry *e);
/* A new entry. */
void lru_begin(const struct lru *l, struct entry *e);
/* Ticks, and seconds, since the last use. */
uint32_t lru_idle_ticks(const struct lru *l, const struct entry *e);
uint32_t lru_idle_s(const struct lru *l, const struct entry *e);
/* The counter after what it has lost since: 0 to 255. */
unsigned lru_frequency(const struct lru *l, const struct entry *e);
/* As told from outside (RESTORE, a snapshot); negative: not told. frequency <= 255. */
void lru_set(const struct lru *l, struct entry *e, long long idle_s, long long frequency);

#endif
