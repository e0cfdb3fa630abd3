/* Entries leaving the pending list: acknowledged, or dropped because their message is deleted. */
#ifndef BROKER_BROKER_LEASE_H
#define BROKER_BROKER_LEASE_H

#include "broker/broker_act.h"

/* Acknowledges the IDs that are pending and, if a group of the stream asks for it (ONACK DELETE),
 * deletes what no group needs any more. Effects XACK and XDEL, event xdel. Returns how many were
 * pending. */
size_t broker_lease_ack(const struct broker_group *x, const struct stream_id *ids, size_t n);
/* The rest of that, for IDs already removed from the pending list. */
void broker_lease_acked(const struct broker_group *x, const struct stream_id *ids, size_t n);
/* Counts n acknowledged entries that were already removed, and wakes readers whom a cap held back.
 * For commands with deletion rules of their own (XACKDEL). */
void broker_lease_left(const struct broker_group *x, size_t n);
/* Deletes acknowledged entries that no group needs, if a group of the stream asks for it. Effect,
 * event. */
void broker_lease_delete(const struct broker_group *x, const struct stream_id *ids, size_t n);
/* Drops references to deleted messages (broker L9). Effect XACK, counted as lost. */
void broker_lease_drop(const struct broker_group *x, const struct stream_id *ids, size_t n);
/* Fewer entries are pending: wakes readers whom a cap held back. */
void broker_lease_room(const struct broker_group *x);
/* The same for all groups of the stream, after deletions that dropped references (DELREF). Ignores
 * x->group. */
void broker_lease_dropped(const struct broker_group *x);
#endif
