/* A rate: a counter sampled by the clock, the mean of the last samples. */
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

/* The counter stands at count now. The first call only says where it begins. */
void rate_sample(struct rate *r, uint64_t count, int64_t now_ms);
/* Per second. Samples that there have not been count as 0. */
double rate_mean(const struct rate *r);

#endif
