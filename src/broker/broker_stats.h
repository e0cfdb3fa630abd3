/* XPOLICY STATS: a group's state and counters. */
#ifndef BROKER_BROKER_STATS_H
#define BROKER_BROKER_STATS_H

#include "engine/call.h"
#include "type/stream/stream.h"

/* Writes the reply, a map. Counters and rates belong to the policy: without one they are null. */
void broker_stats_reply(struct call *call, struct bytes key, const struct stream *s,
                        struct stream_group *g);
/* How many subscriptions push its messages. */
size_t broker_stats_subscriptions(const struct stream_group *g);

#endif
