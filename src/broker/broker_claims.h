/* The effects of entries going to consumers. Which entries a read or a claim delivers depends on
 * the clock and on other clients, so the journal records the outcome, in commands of Redis 7.0:
 * XCLAIM with owner, time and count for pending entries, XGROUP SETID for the position, XACK for
 * references that were dropped. */
#ifndef BROKER_BROKER_CLAIMS_H
#define BROKER_BROKER_CLAIMS_H

#include "broker/broker_act.h"

/* Collects entries of equal owner, time and count into one XCLAIM. Set `at` and `consumer`, and
 * zero the rest. */
struct broker_claims {
    const struct broker_group *at;
    struct bytes consumer;
    int64_t time_ms;
    uint64_t count;
    struct buf ids; /* struct stream_id each */
};
void broker_claims_add(struct broker_claims *c, struct stream_id id, int64_t time_ms,
                       uint64_t count);
/* Journals the rest with the group's position (LASTID), and frees. */
void broker_claims_end(struct broker_claims *c);
/* XGROUP SETID key group last ENTRIESREAD n. */
void broker_claims_position(const struct broker_group *x);
/* The consumer, created when absent, with its notification and effect. */
struct stream_consumer *broker_claims_consumer(const struct broker_group *x, struct bytes name);
/* Removes a pending reference whose entry is deleted. */
void broker_claims_drop(const struct broker_group *x, struct stream_id id);

#endif
