/* Entries leave the pending list: acknowledged, or dropped because their message is gone. */
#ifndef BROKER_BROKER_LEASE_H
#define BROKER_BROKER_LEASE_H

#include "broker/broker_act.h"

/* Acknowledges those of n IDs that are pending and, where a group of the stream asks for it
 * (ONACK DELETE), deletes what no group needs any more. Effects XACK and XDEL, event xdel. Returns
 * how many were pending. */
size_t broker_lease_ack(const struct broker_group *x, const struct stream_id *ids, size_t n);
/* The same of what has just been taken out of the pending list. */
void broker_lease_acked(const struct broker_group *x, const struct stream_id *ids, size_t n);
/* n entries were acknowledged and are no longer pending: counted, and readers whom a cap held back
 * are woken. For who deletes by other rules (XACKDEL). */
void broker_lease_left(const struct broker_group *x, size_t n);
/* These were acknowledged: deletes what no group needs, if the stream has a group that asks for it.
 * Effect, event. */
void broker_lease_delete(const struct broker_group *x, const struct stream_id *ids, size_t n);
/* Their messages are gone (broker L9): the references go. Effect XACK, counted as lost. */
void broker_lease_drop(const struct broker_group *x, const struct stream_id *ids, size_t n);
/* There may be room under a cap: those who wait are to look. */
void broker_lease_room(const struct broker_group *x);
/* References of any group may have gone with their messages (DELREF): the same for all groups of
 * the stream. x->group is not looked at. */
void broker_lease_dropped(const struct broker_group *x);
#endif
