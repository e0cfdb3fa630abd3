#include "server/rate.h"

void rate_sample(struct rate *r, uint64_t count, int64_t now_ms)
{
    if (r->last_ms && now_ms > r->last_ms)
        r->samples[r->at++ % RATE_SAMPLES] =
            (double)(count - r->last_count) * 1000 / (double)(now_ms - r->last_ms);
    r->last_count = count;
    r->last_ms = now_ms;
}

double rate_mean(const struct rate *r)
{
    double sum = 0;
    for (int i = 0; i < RATE_SAMPLES; i++)
        sum += r->samples[i];
    return sum / RATE_SAMPLES;
}
