/* Rates of a group's added, delivered, acknowledged and failed entries: the mean per second over
 * the last ten seconds. Samples are taken on activity or on a query, at most one a second: an idle
 * group costs nothing. */
#ifndef BROKER_BROKER_RATE_H
#define BROKER_BROKER_RATE_H

#include <stdbool.h>
#include <stdint.h>

#define BROKER_RATE_SECONDS 10
#define BROKER_RATE_KINDS   4

/* Zeroed: nothing known. There is one for each group with a policy, so samples keep only the lower
 * half of their numbers; differences between them are what counts. */
struct broker_rate {
    int64_t born_ms; /* time of the first sample */
    int64_t last_ms; /* time of the last one */
    uint32_t taken;  /* valid samples, at most BROKER_RATE_SECONDS + 1 */
    uint32_t next;
    struct broker_rate_sample {
        uint32_t ms, counts[BROKER_RATE_KINDS];
    } samples[BROKER_RATE_SECONDS + 1];
};

/* Whether the last sample is a second old. */
bool broker_rate_is_due(const struct broker_rate *r, int64_t now_ms);
/* Takes a sample, before the counters change. */
void broker_rate_sample(struct broker_rate *r, int64_t now_ms,
                        const uint64_t counts[BROKER_RATE_KINDS]);
/* The mean rates over the last ten seconds, or since counting began if that is later; without a
 * sample in that span, since the last one. */
void broker_rate_mean(const struct broker_rate *r, int64_t now_ms,
                      const uint64_t counts[BROKER_RATE_KINDS], double out[BROKER_RATE_KINDS]);

#endif
