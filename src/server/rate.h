/* The rate of a counter: the mean over its last samples. */
#ifndef SERVER_RATE_H
#define SERVER_RATE_H

#include <stdint.h>

#define RATE_SAMPLES 16

/* All zero: no sample yet. */
struct rate {
    uint64_t last_count;
    int64_t last_ms;
    double samples[RATE_SAMPLES]; /* per second; a ring */
    unsigned at;
};

/* Samples the counter. The first call only sets the starting point. */
void rate_sample(struct rate *r, uint64_t count, int64_t now_ms);
/* Per second. Missing samples count as 0. */
double rate_mean(const struct rate *r);

#endif
