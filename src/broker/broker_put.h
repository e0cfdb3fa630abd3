/* Puts one message into one stream: the last step of every append of the broker (broker_append.h).
 */
#ifndef BROKER_BROKER_PUT_H
#define BROKER_BROKER_PUT_H

#include "broker/broker_act.h"

/* The target of a message other than x's own stream. */
struct broker_group broker_put_at(const struct broker_group *x, struct bytes key, struct stream *s);
/* The stream at a key, created when absent; the key must not hold another type. */
struct stream *broker_put_find_or_make(const struct broker_group *x, struct bytes key);
/* Whether the stream has given its last ID, so that nothing can be appended. */
bool broker_put_is_exhausted(const struct stream *s);
/* The ID that "*" would give at that time; the stream must have one left. */
struct stream_id broker_put_next_id(const struct stream *s, int64_t now_ms);
/* Called before an ID is appended: a message scheduled under it moves to another. In a replay that
 * message is the one being appended, and is unscheduled. */
void broker_put_take_id(const struct broker_group *x, struct stream_id id);
/* Appends under an ID that is above the last one and not scheduled. Limits trim, except in
 * broker.held, which is trimmed in the next turn. Effect XADD; event xadd unless quiet. */
void broker_put(const struct broker_group *x, struct stream_id id, const struct bytes *pairs,
                size_t fields, bool quiet);
/* Whether effects of a file or a primary are being replayed, which are applied literally. */
static inline bool broker_put_is_replay(const struct broker_group *x)
{
    return x->call && call_is_replay(x->call);
}

#endif
