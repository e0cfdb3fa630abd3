/* Puts one message into one stream: what all appends of the broker end with (broker_append.h). */
#ifndef BROKER_BROKER_PUT_H
#define BROKER_BROKER_PUT_H

#include "broker/broker_act.h"

/* Where a message goes, beside what x is about. */
struct broker_group broker_put_at(const struct broker_group *x, struct bytes key, struct stream *s);
/* The stream under a key, made when absent; the key holds no other type. */
struct stream *broker_put_find_or_make(const struct broker_group *x, struct bytes key);
/* Whether the stream has given its last ID: nothing can be appended. */
bool broker_put_is_exhausted(const struct stream *s);
/* The ID that "*" would give at that time, of a stream that has one left. */
struct stream_id broker_put_next_id(const struct stream *s, int64_t now_ms);
/* The ID is about to be appended: a scheduled message makes room for it. In a replay that message
 * is the one that is appended. */
void broker_put_take_id(const struct broker_group *x, struct stream_id id);
/* Appends under an ID that is above the last one and that no other message is scheduled under;
 * limits trim, but not in a stream from which letters are being taken (broker.held): what is too
 * much there goes in the next turn. Effect XADD; event xadd unless quiet. */
void broker_put(const struct broker_group *x, struct stream_id id, const struct bytes *pairs,
                size_t fields, bool quiet);
/* Whether what happens is a file or a primary speaking: it is taken literally. */
static inline bool broker_put_is_replay(const struct broker_group *x)
{
    return x->call && call_is_replay(x->call);
}

#endif
