/* Scheduled messages: accepting, moving, and making room for other IDs. Nothing is appended here
 * (broker_append.h). The caller sets the stream's timer (broker_moments.h). */
#ifndef BROKER_BROKER_FUTURE_H
#define BROKER_BROKER_FUTURE_H

#include "broker/broker_act.h"

#define BROKER_FUTURE_FEW 64

/* Names and values of a scheduled message, in `few` if they fit. Valid until the future changes;
 * broker_future_release_pairs() frees the array. */
struct bytes *broker_future_pairs(const struct stream_future_message *m,
                                  struct bytes few[BROKER_FUTURE_FEW]);
void broker_future_release_pairs(struct bytes *pairs, const struct bytes few[BROKER_FUTURE_FEW]);
/* The ID of a message scheduled for that time: above all that are scheduled or present with those
 * milliseconds, and above the last one given. */
struct stream_id broker_future_next_id(const struct stream *s, int64_t at_ms);
/* Schedules a message under an unused ID: effect XADD AT, event xsched. */
void broker_future_add(const struct broker_group *x, struct stream_id id, const struct bytes *pairs,
                       size_t fields);
/* Reschedules a message, and shifts its expiry by the same span; returns its new ID. Effects XDEL
 * and XADD AT, event xsched-move. */
struct stream_id broker_future_move(const struct broker_group *x, struct stream_id id,
                                    int64_t at_ms);
/* Another message is about to get this ID: one scheduled under it moves to the next free ID of its
 * time. Effects as above, event xsched-moved. */
void broker_future_make_room(const struct broker_group *x, struct stream_id id);

#endif
