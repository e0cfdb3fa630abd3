#include "broker/broker_rate.h"

#include <string.h>

#define SAMPLES   (BROKER_RATE_SECONDS + 1)
#define WINDOW_MS (BROKER_RATE_SECONDS * 1000)

static const struct broker_rate_sample *back(const struct broker_rate *r, unsigned i)
{
    return &r->samples[(r->next + SAMPLES - i) % SAMPLES];
}

/* The age of a sample. The last one is at last_ms; no other is older by more than SAMPLES windows.
 */
static int64_t age(const struct broker_rate *r, const struct broker_rate_sample *s, int64_t now_ms)
{
    return now_ms - r->last_ms + (uint32_t)((uint32_t)r->last_ms - s->ms);
}

bool broker_rate_is_due(const struct broker_rate *r, int64_t now_ms)
{
    return !r->taken || now_ms - r->last_ms >= 1000;
}

void broker_rate_sample(struct broker_rate *r, int64_t now_ms,
                        const uint64_t counts[BROKER_RATE_KINDS])
{
    if (!r->born_ms)
        r->born_ms = now_ms;
    if (now_ms - r->last_ms > WINDOW_MS)
        r->taken = 0; /* all samples are outdated */
    struct broker_rate_sample *s = &r->samples[r->next];
    s->ms = (uint32_t)now_ms;
    r->last_ms = now_ms;
    for (int k = 0; k < BROKER_RATE_KINDS; k++)
        s->counts[k] = (uint32_t)counts[k];
    r->next = (r->next + 1) % SAMPLES;
    r->taken += r->taken < SAMPLES;
}

void broker_rate_mean(const struct broker_rate *r, int64_t now_ms,
                      const uint64_t counts[BROKER_RATE_KINDS], double out[BROKER_RATE_KINDS])
{
    const struct broker_rate_sample *from = back(r, 1);
    memset(out, 0, sizeof(double) * BROKER_RATE_KINDS);
    if (!r->taken)
        return;
    int64_t ms = now_ms - r->last_ms;
    for (unsigned i = 1; i <= r->taken && age(r, back(r, i), now_ms) <= WINDOW_MS; i++) {
        from = back(r, i);
        ms = now_ms - r->born_ms < WINDOW_MS ? now_ms - r->born_ms : WINDOW_MS;
    }
    for (int k = 0; k < BROKER_RATE_KINDS; k++) {
        /* The counters may have been reset. */
        uint32_t more = (uint32_t)counts[k] - from->counts[k];
        if (more <= INT32_MAX)
            out[k] = (double)more * 1000 / (double)(ms > 1000 ? ms : 1000);
    }
}
