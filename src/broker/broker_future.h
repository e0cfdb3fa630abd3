/* Scheduled messages: they are accepted, moved, cancelled, and make room for others. Nothing is
 * appended here (broker_append.h). Whoever calls has the stream's timer set (broker_moments.h). */
#ifndef BROKER_BROKER_FUTURE_H
#define BROKER_BROKER_FUTURE_H

#include "broker/broker_act.h"

/* The ID that a message of that moment gets: above all that are scheduled for the millisecond, all
 * that lie in the stream with it, and the last one given. */
struct stream_id broker_future_next_id(const struct stream *s, int64_t at_ms);
/* A message is accepted under an ID that is not taken: effect XADD AT, event xsched. */
void broker_future_add(const struct broker_group *x, struct stream_id id, const struct bytes *pairs,
                       size_t fields);
/* A scheduled message gets another moment, and its expiry moves along; returns the ID that it has
 * now. Effects XDEL and XADD AT, event xsched-move. */
struct stream_id broker_future_move(const struct broker_group *x, struct stream_id id,
                                    int64_t at_ms);
/* Another message gets this ID: one that is scheduled under it goes to the next free one of its
 * moment. Effects as above, event xsched-moved. */
void broker_future_make_room(const struct broker_group *x, struct stream_id id);

#endif
