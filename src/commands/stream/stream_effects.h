/* What the journal gets of commands on groups. Which entries a read or a claim delivers depends on
 * the clock and on what is there, so the journal gets the outcome in commands of Redis 7.0: XCLAIM
 * with owner, time and count for pending entries, XGROUP SETID for the position, XACK for
 * references that went. */
#ifndef COMMANDS_STREAM_STREAM_EFFECTS_H
#define COMMANDS_STREAM_STREAM_EFFECTS_H

#include "engine/call.h"
#include "type/stream/stream.h"

/* Entries of one owner, time and count, collected into one XCLAIM. */
struct stream_effects_claims {
    struct call *call;
    struct bytes key, group, consumer;
    int64_t time_ms;
    uint64_t count;
    struct stream_id last_id; /* the group's position, told with LASTID */
    struct buf ids;           /* struct stream_id each */
};
void stream_effects_claim(struct stream_effects_claims *c, struct stream_id id, int64_t time_ms,
                          uint64_t count);
/* Journals what is left and frees. */
void stream_effects_claims_end(struct stream_effects_claims *c);
/* XGROUP SETID key group last ENTRIESREAD n. */
void stream_effects_setid(struct call *call, struct bytes key, const struct stream_group *g);
/* The consumer; when absent it is made, with its notification and its effect. */
struct stream_consumer *stream_effects_need_consumer(struct call *call, struct bytes key,
                                                     struct stream_group *g, struct bytes name);
/* A pending reference of the group of arguments 1 and 2 to an entry that is gone: it goes too. */
void stream_effects_drop_reference(struct call *call, struct stream_group *g, struct stream_id id);

#endif
