/* Messages that expire: when, and that they go then. */
#ifndef BROKER_BROKER_EXPIRE_H
#define BROKER_BROKER_EXPIRE_H

#include "broker/broker_due.h"

#define BROKER_EXPIRE_MOST 1000 /* messages that one action or read takes away */

/* The message, which is present or scheduled, expires at that moment, at STREAM_EXPIRY_MOST at the
 * latest. Effect. */
void broker_expire_set(const struct broker_group *x, struct stream_id id, int64_t at_ms);
/* The message goes, present or scheduled. False: there is none under that ID. */
bool broker_expire_take(struct stream *s, struct stream_id id);
/* Reports messages that broker_expire_take() took: effect XDEL, event xexpired, counters. */
void broker_expire_tell(const struct broker_group *x, const struct stream_id *gone, size_t n);
/* A message got another ID: its moment of expiry moves along to the new ID, and shift_ms later.
 * Only the new ID gets an effect, since the caller has journalled the deletion of the old one. */
void broker_expire_follow(const struct broker_group *x, struct stream_id old, struct stream_id id,
                          int64_t shift_ms);
/* Deletes what has expired by now, present or scheduled, at most BROKER_EXPIRE_MOST messages:
 * effect XDEL, event xexpired. True: there is more. The stream has extras, which may be empty now.
 */
bool broker_expire_due(const struct broker_group *x);
/* The same, within a command or a push, before a group gives messages to anybody (broker E3). True:
 * there is more, and nothing is to be given; readers are woken when it has gone. */
bool broker_expire_first(const struct broker_group *x);
/* One message, when there was more: for who gives messages that are named, or pending already. It
 * expires, and has not gone: within a command. */
bool broker_expire_is_due(const struct broker_group *x, struct stream_id id);
/* It goes, if so. */
void broker_expire_one(const struct broker_group *x, struct stream_id id);

#endif
