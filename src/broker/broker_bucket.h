/* A bucket of tokens (RATE n ms): full at first, and filled evenly, n in ms. What is in it is
 * counted in tokens times ms, of which n come in a millisecond: whole numbers, so nothing is lost
 * however often it is asked. */
#ifndef BROKER_BROKER_BUCKET_H
#define BROKER_BROKER_BUCKET_H

#include <stdint.h>

/* Zeroed: it is full when it is asked for the first time. */
struct broker_bucket {
    int64_t n, ms; /* its rate; another one fills it */
    int64_t level; /* at most n * ms */
    int64_t at_ms; /* when that was so */
};

/* How many tokens there are at now_ms, by the steady clock, with that rate; n > 0, ms > 0, and
 * n * ms * 2 is an int64_t. */
uint64_t broker_bucket_tokens(struct broker_bucket *b, int64_t n, int64_t ms, int64_t now_ms);
/* Takes tokens that there are, as broker_bucket_tokens() has just told. */
void broker_bucket_take(struct broker_bucket *b, uint64_t tokens);
/* When there will be one, if there was none when it was asked. */
int64_t broker_bucket_next_ms(const struct broker_bucket *b);

#endif
