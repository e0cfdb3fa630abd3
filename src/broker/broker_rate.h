/* How many a second, over the last ten: of what a group adds, delivers, acknowledges and fails.
 * Samples are taken when something happens or somebody asks, one a second at most: a group at rest
 * costs nothing. */
#ifndef BROKER_BROKER_RATE_H
#define BROKER_BROKER_RATE_H

#include <stdbool.h>
#include <stdint.h>

#define BROKER_RATE_SECONDS 10
#define BROKER_RATE_KINDS   4

/* Zeroed: nothing known. There is one for each group with a policy, so that samples keep the lower
 * half of their numbers only: what lies between two of them is what counts. */
struct broker_rate {
    int64_t born_ms; /* of the first sample */
    int64_t last_ms; /* of the last one */
    uint32_t taken;  /* samples that are of use, at most BROKER_RATE_SECONDS + 1 */
    uint32_t next;
    struct broker_rate_sample {
        uint32_t ms, counts[BROKER_RATE_KINDS];
    } samples[BROKER_RATE_SECONDS + 1];
};

/* Whether the last sample is a second old. */
bool broker_rate_is_due(const struct broker_rate *r, int64_t now_ms);
/* Before counters change: what they are. */
void broker_rate_sample(struct broker_rate *r, int64_t now_ms,
                        const uint64_t counts[BROKER_RATE_KINDS]);
/* What was counted in the last ten seconds, or since counting began if that is later; without a
 * sample among them, since the last one. */
void broker_rate_mean(const struct broker_rate *r, int64_t now_ms,
                      const uint64_t counts[BROKER_RATE_KINDS], double out[BROKER_RATE_KINDS]);

#endif
