/* Expiry of single messages: their deadlines, and their removal. */
#ifndef BROKER_BROKER_EXPIRE_H
#define BROKER_BROKER_EXPIRE_H

#include "broker/broker_due.h"

#define BROKER_EXPIRE_MOST 1000 /* messages that one action or read removes */

/* Sets the expiry time of a present or scheduled message, at most STREAM_EXPIRY_MOST. Effect. */
void broker_expire_set(const struct broker_group *x, struct stream_id id, int64_t at_ms);
/* Removes a present or scheduled message. False: there is none with that ID. */
bool broker_expire_take(struct stream *s, struct stream_id id);
/* Reports messages that broker_expire_take() removed: effect XDEL, event xexpired, counters. */
void broker_expire_report(const struct broker_group *x, const struct stream_id *gone, size_t n);
/* A message got another ID: moves its expiry to that, shift_ms later. Only the new ID gets an
 * effect, since the caller has journalled the deletion of the old one. */
void broker_expire_follow(const struct broker_group *x, struct stream_id old, struct stream_id id,
                          int64_t shift_ms);
/* Deletes expired messages, present or scheduled, at most BROKER_EXPIRE_MOST: effect XDEL, event
 * xexpired. True: there are more. The stream has extras, which may be empty afterwards. */
bool broker_expire_due(const struct broker_group *x);
/* The same, in a command or a push, before a group delivers (broker E3). True: there are more, and
 * nothing may be delivered yet; readers are woken when they are gone. */
bool broker_expire_first(const struct broker_group *x);
/* One message, when there was more: for who gives messages that are named, or pending already. It
 * expires, and has not gone: within a command. */
bool broker_expire_is_due(const struct broker_group *x, struct stream_id id);
/* It goes, if so. */
void broker_expire_one(const struct broker_group *x, struct stream_id id);

#endif
