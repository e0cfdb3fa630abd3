/* The one way by which a message is appended to a stream that has extras, and by which the broker
 * appends to any: dead letters, what XREDRIVE brings back, scheduled messages, schedules. In this
 * order:
 *
 *   what is due      of that stream comes first, but not within a transaction or a script
 *   limits           may refuse
 *   bindings         say where copies go; a destination that is full may refuse as well
 *   the ID           and whoever is scheduled under it makes room
 *   the append       limits may trim; effect XADD; events; readers are woken; the timer is set
 *   the copies       the same in each destination
 *
 * XADD, whose ID, trim and message id are its own, takes the steps one by one. */
#ifndef BROKER_BROKER_APPEND_H
#define BROKER_BROKER_APPEND_H

#include "broker/broker_act.h"
#include "broker/broker_route.h"

#define BROKER_APPEND_DUE 1000 /* messages that are due, appended in one action */

/* A message as names and values in turn, copied: what it was read from may change. */
struct broker_message {
    struct bytes *pairs; /* 2 * fields of them; broker_append_read() makes room for more */
    size_t fields;
    char *memory;
};

/* Of the entry under an ID, with room for `more` pairs; false: it is gone. To be freed. */
bool broker_append_read(const struct stream *s, struct stream_id id, size_t more,
                        struct broker_message *out);
void broker_append_free(struct broker_message *m);
/* Whether a message can be appended: the key is absent, or holds a stream that has not given its
 * last ID and whose limits do not refuse. What is due there comes first. */
bool broker_append_may(const struct broker_group *x, struct bytes key,
                       const struct broker_message *m);
/* Appends to a key for which broker_append_may() is true. Returns the ID. */
struct stream_id broker_append(const struct broker_group *x, struct bytes key,
                               const struct broker_message *m);
/* The same as if it were another time: the ID has these milliseconds if that is above the last one.
 */
struct stream_id broker_append_as_of(const struct broker_group *x, struct bytes key,
                                     const struct broker_message *m, int64_t at_ms);
/* The same of what a capture brings: without events (broker H3). */
struct stream_id broker_append_captured(const struct broker_group *x, struct bytes key,
                                        const struct broker_message *m);
/* The message is scheduled for later: to a key for which broker_append_may() is true. */
struct stream_id broker_append_later(const struct broker_group *x, struct bytes key,
                                     const struct broker_message *m, int64_t at_ms);

/* ---- Steps */

/* Appends what is due, in the order of moments, at most BROKER_APPEND_DUE messages or until
 * until_us by the monotonic clock. The stream has extras, which may be empty then. */
void broker_append_due(const struct broker_group *x, int64_t until_us);
/* The same before an ID is given (broker T6). Nothing where time stands still, or in a replay. */
void broker_append_due_first(const struct broker_group *x);
/* Plans the copies of a message to a stream that routes (broker_route_has_bindings()); what is due
 * in their destinations comes first. As broker_route_plan(), why is empty. */
bool broker_append_plan(struct broker_route *r, const struct broker_group *x,
                        const struct bytes *pairs, size_t fields, struct buf *why);
/* Appends a scheduled message now, under an ID that "*" gives, in *out. False: there is none, or
 * the stream has given its last ID. */
bool broker_append_scheduled(const struct broker_group *x, struct stream_id id,
                             struct stream_id *out);

#endif
