/* Eviction: finds keys to give up, by the policy, from samples. A pool of the best candidates so
 * far is kept from one call to the next, so that each call looks at few keys and still finds old
 * ones (approximated LRU as Redis has it since 3.0; docs/decisions/0010). Knows no memory limit:
 * the caller asks until there is room. */
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

/* LRU and LFU: keys are chosen by when or how often they are used. */
static inline bool evict_has_clock(enum evict_policy p)
{
    return p == EVICT_VOLATILE_LRU || p == EVICT_VOLATILE_LFU || p == EVICT_ALL_LRU ||
           p == EVICT_ALL_LFU;
}

struct evict;

struct evict *evict_new(void);
void evict_free(struct evict *v);
/* Takes one key out of the databases and discards it, with its events. False: there is none that
 * the policy allows. samples: keys looked at in each database. Cost: some cache misses a sample. */
bool evict_one(struct evict *v, struct store *s, enum evict_policy policy, int samples);
/* For tests: whether the pool is in order and holds no key twice. */
bool evict_is_sound(const struct evict *v);

#endif
