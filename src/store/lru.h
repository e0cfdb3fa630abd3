/* The meaning of an entry's 24 bits of use. Under an LRU policy: the time of the last use in
 * quarters of a second (wraps after 48 days; Redis has seconds, but a finer clock orders keys that
 * are used often). Under an LFU policy: the minute of the last decay (16 bits), then a counter of 8
 * bits that grows with the logarithm of the uses (Morris 1978), by the formula that Redis documents
 * (lfu-log-factor, lfu-decay-time).
 *
 * Knows entries, not the keyspace: a store has one struct lru, whose time is set once a turn. */
#ifndef STORE_LRU_H
#define STORE_LRU_H

#include "base/rng.h"
#include "ds/entry.h"

#define LRU_TICK_MS 250

struct lru {
    uint32_t clock;  /* now in ticks, written into an entry on use; 24 bits */
    uint32_t minute; /* now in minutes, for LFU; 16 bits */
    bool lfu;        /* entries hold the frequency of use, not the time */
    uint32_t log_factor, decay_minutes;
    struct rng rng; /* decides whether a use is counted */
};

/* Redis' defaults: LRU, factor 10, one minute. */
void lru_init(struct lru *l, uint64_t seed);
void lru_set_time(struct lru *l, int64_t now_ms);
/* Records a use. Cost: a store, or under LFU a few floating point operations. */
void lru_touch(struct lru *l, struct entry *e);
/* Initialises a new entry. */
void lru_begin(const struct lru *l, struct entry *e);
/* Ticks, and seconds, since the last use. */
uint32_t lru_idle_ticks(const struct lru *l, const struct entry *e);
uint32_t lru_idle_s(const struct lru *l, const struct entry *e);
/* The counter after decay: 0 to 255. */
unsigned lru_frequency(const struct lru *l, const struct entry *e);
/* Sets them as RESTORE or a snapshot says; negative: not given. frequency <= 255. */
void lru_set(const struct lru *l, struct entry *e, long long idle_s, long long frequency);

#endif
