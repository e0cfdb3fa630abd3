/* What the journal gets of entries that go to consumers. Which ones a read or a claim gives depends
 * on the clock and on what is there, so the journal gets the outcome in commands of Redis 7.0:
 * XCLAIM with owner, time and count for pending entries, XGROUP SETID for the position, XACK for
 * references that went. */
#ifndef BROKER_BROKER_CLAIMS_H
#define BROKER_BROKER_CLAIMS_H

#include "broker/broker_act.h"

/* Entries of one owner, time and count, collected into one XCLAIM. To be zeroed but for the first
 * two. */
struct broker_claims {
    const struct broker_group *at;
    struct bytes consumer;
    int64_t time_ms;
    uint64_t count;
    struct buf ids; /* struct stream_id each */
};
void broker_claims_add(struct broker_claims *c, struct stream_id id, int64_t time_ms,
                       uint64_t count);
/* Tells what is left, with the group's position (LASTID), and frees. */
void broker_claims_end(struct broker_claims *c);
/* XGROUP SETID key group last ENTRIESREAD n. */
void broker_claims_position(const struct broker_group *x);
/* The consumer; when absent it is made, with its notification and its effect. */
struct stream_consumer *broker_claims_consumer(const struct broker_group *x, struct bytes name);
/* A pending reference to an entry that is gone: it goes too. */
void broker_claims_drop(const struct broker_group *x, struct stream_id id);

#endif
