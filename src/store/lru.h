/* What an entry's 24 bits of use mean: the quarter of a second of the last use (LRU; it wraps after
 * 48 days, and finer than Redis' seconds keeps an order among what is used often) or, under an LFU
 * policy, a counter of 8 bits that grows with the logarithm of the uses, below the minute (16 bits)
 * at which it last went down. The counter's law is the one that Redis documents. */
#ifndef STORE_LRU_H
#define STORE_LRU_H

#include "store/db.h"

/* The clock of a moment. */
#define LRU_TICK_MS 250
static inline uint32_t lru_clock_at(int64_t now_ms)
{
    return (uint32_t)(now_ms / LRU_TICK_MS) & 0xffffff;
}
/* A use. */
void lru_touch(struct store *s, struct entry *e);
/* A new entry. */
void lru_begin(const struct store *s, struct entry *e);
/* Ticks, and seconds, since the last use. */
uint32_t lru_idle_ticks(const struct store *s, const struct entry *e);
uint32_t lru_idle_s(const struct store *s, const struct entry *e);
/* The counter as it is by now. */
unsigned lru_frequency(const struct store *s, const struct entry *e);
/* As told from outside; negative: not told. */
void lru_set(const struct store *s, struct entry *e, long long idle_s, long long frequency);

#endif
