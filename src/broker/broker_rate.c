#include "broker/broker_rate.h"

#include <string.h>

#define SAMPLES (BROKER_RATE_SECONDS + 1)

static const struct broker_rate_sample *back(const struct broker_rate *r, unsigned i)
{
    return &r->samples[(r->next + SAMPLES - i) % SAMPLES];
}

bool broker_rate_is_due(const struct broker_rate *r, int64_t now_ms)
{
    const struct broker_rate_sample *last = back(r, 1);
    return !last->ms || now_ms - last->ms >= 1000;
}

void broker_rate_sample(struct broker_rate *r, int64_t now_ms,
                        const uint64_t counts[BROKER_RATE_KINDS])
{
    if (!back(r, 1)->ms)
        r->born_ms = now_ms;
    struct broker_rate_sample *s = &r->samples[r->next];
    s->ms = now_ms;
    memcpy(s->counts, counts, sizeof(s->counts));
    r->next = (r->next + 1) % SAMPLES;
}

void broker_rate_mean(const struct broker_rate *r, int64_t now_ms,
                      const uint64_t counts[BROKER_RATE_KINDS], double out[BROKER_RATE_KINDS])
{
    const int64_t window = BROKER_RATE_SECONDS * 1000;
    const struct broker_rate_sample *from = back(r, 1);
    memset(out, 0, sizeof(double) * BROKER_RATE_KINDS);
    if (!from->ms)
        return;
    int64_t ms = now_ms - from->ms;
    for (unsigned i = 1; i <= SAMPLES && back(r, i)->ms && now_ms - back(r, i)->ms <= window; i++) {
        from = back(r, i);
        ms = now_ms - r->born_ms < window ? now_ms - r->born_ms : window;
    }
    for (int k = 0; k < BROKER_RATE_KINDS; k++)
        if (counts[k] > from->counts[k])
            out[k] = (double)(counts[k] - from->counts[k]) * 1000 / (double)(ms > 1000 ? ms : 1000);
}
