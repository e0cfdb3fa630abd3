/* Eviction: chooses keys from samples, by the policy. A pool of the best candidates is kept between
 * calls, so that each call samples few keys and still finds old ones (approximated LRU as in Redis
 * since 3.0; docs/decisions/0010). Knows no memory limit: the caller repeats it until there is
 * room. */
#ifndef STORE_EVICT_H
#define STORE_EVICT_H

#include "store/db.h"

/* As maxmemory-policy has them. */
enum evict_policy {
    EVICT_NOTHING,
    EVICT_VOLATILE_LRU,
    EVICT_VOLATILE_LFU,
    EVICT_VOLATILE_RANDOM,
    EVICT_VOLATILE_TTL,
    EVICT_ALL_LRU,
    EVICT_ALL_LFU,
    EVICT_ALL_RANDOM
};

/* Whether keys are chosen by their use: LRU and LFU. */
static inline bool evict_has_clock(enum evict_policy p)
{
    return p == EVICT_VOLATILE_LRU || p == EVICT_VOLATILE_LFU || p == EVICT_ALL_LRU ||
           p == EVICT_ALL_LFU;
}

struct evict;

struct evict *evict_new(void);
void evict_free(struct evict *v);
/* Evicts one key, with its events. False: the policy allows none. samples: keys examined in each
 * database. Cost: some cache misses per sample. */
bool evict_one(struct evict *v, struct store *s, enum evict_policy policy, int samples);
/* For tests: whether the pool is in order and holds no key twice. */
bool evict_is_sound(const struct evict *v);

#endif
