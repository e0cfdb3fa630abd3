/* A token bucket (RATE n ms): full at first, then filled evenly with n tokens in ms. The level is
 * in units of tokens times ms, of which each millisecond adds n: integers, so that frequent queries
 * lose nothing to rounding. */
#ifndef BROKER_BROKER_BUCKET_H
#define BROKER_BROKER_BUCKET_H

#include <stdint.h>

/* Zeroed: full at the first query. */
struct broker_bucket {
    int64_t n, ms; /* its rate; a change fills it */
    int64_t level; /* at most n * ms */
    int64_t at_ms; /* when the level was computed */
};

/* The tokens available at now_ms (steady clock) at this rate; n > 0, ms > 0, and n * ms * 2 fits an
 * int64_t. */
uint64_t broker_bucket_tokens(struct broker_bucket *b, int64_t n, int64_t ms, int64_t now_ms);
/* Takes tokens that broker_bucket_tokens() has just reported. */
void broker_bucket_take(struct broker_bucket *b, uint64_t tokens);
/* When the next token arrives, if the last query found none. */
int64_t broker_bucket_next_ms(const struct broker_bucket *b);

#endif
