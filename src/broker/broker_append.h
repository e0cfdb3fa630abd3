/* How a message is appended to a stream that has extras, and how the broker appends to any stream:
 * dead letters, redriven letters, scheduled messages, schedules. The steps, in order:
 *
 *   due messages     of that stream are appended first, except in a transaction or a script
 *   limits           may refuse the message
 *   bindings         determine the copies; a full destination may refuse the message as well
 *   the ID           is chosen; a message scheduled under it moves to another
 *   the append       limits may trim; effect XADD; events; readers wake; the timer is set
 *   the copies       the same in each destination
 *
 * XADD takes these steps one by one, since its ID, trim and message id are its own. */
#ifndef BROKER_BROKER_APPEND_H
#define BROKER_BROKER_APPEND_H

#include "broker/broker_act.h"
#include "broker/broker_route.h"

#define BROKER_APPEND_DUE 1000 /* due messages appended in one action */

/* A copy of a message, as names and values in turn. */
struct broker_message {
    struct bytes *pairs; /* 2 * fields of them; broker_append_read() can reserve more */
    size_t fields;
    char *memory;
};

/* Copies the entry with that ID, with room for `more` pairs; the caller frees it. False: there is
 * none. */
bool broker_append_read(const struct stream *s, struct stream_id id, size_t more,
                        struct broker_message *out);
void broker_append_free(struct broker_message *m);
/* Whether a message can be appended: the key is absent, or holds a stream that has IDs left and
 * whose limits accept it. Appends first what is due there. */
bool broker_append_may(const struct broker_group *x, struct bytes key,
                       const struct broker_message *m);
/* Appends to a key that broker_append_may() accepted. Returns the ID. */
struct stream_id broker_append(const struct broker_group *x, struct bytes key,
                               const struct broker_message *m);
/* The same as of another time: the ID has these milliseconds, unless the last ID is higher. */
struct stream_id broker_append_as_of(const struct broker_group *x, struct bytes key,
                                     const struct broker_message *m, int64_t at_ms);
/* The same for a captured publication: without events (broker H3). */
struct stream_id broker_append_captured(const struct broker_group *x, struct bytes key,
                                        const struct broker_message *m);
/* Schedules the message for later, for a key that broker_append_may() accepted. */
struct stream_id broker_append_later(const struct broker_group *x, struct bytes key,
                                     const struct broker_message *m, int64_t at_ms);

/* ---- Steps */

/* Appends due messages in the order of their times: at most BROKER_APPEND_DUE, or until the
 * monotonic clock shows until_us. The stream has extras, which may be empty afterwards. */
void broker_append_due(const struct broker_group *x, int64_t until_us);
/* The same before an ID is given (broker T6). Does nothing while time is frozen, or in a replay. */
void broker_append_due_first(const struct broker_group *x);
/* Plans the copies of a message of a stream with bindings (broker_route_has_bindings()); appends
 * first what is due in the destinations. why must be empty, see broker_route_plan(). */
bool broker_append_plan(struct broker_route *r, const struct broker_group *x,
                        const struct bytes *pairs, size_t fields, struct buf *why);
/* Appends a scheduled message now, under the ID that "*" would give, returned in *out. False: there
 * is no such message, or the stream has no ID left. */
bool broker_append_scheduled(const struct broker_group *x, struct stream_id id,
                             struct stream_id *out);

#endif
