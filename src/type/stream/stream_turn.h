/* Whose turn it is among a group's pending entries with the same value: after each change of one,
 * the order (stream_order.h) learns what it is now, and who must wait by that is held, who need not
 * any more is released.
 *
 *   leased     takes its value
 *   released   takes it if nobody else does; else it is held, which is to wait
 *   deferred   takes it, or, where deferred ones are skipped, stands aside
 *
 * Entries that the order does not know (they have no such field) are not touched. */
#ifndef TYPE_STREAM_STREAM_TURN_H
#define TYPE_STREAM_STREAM_TURN_H

#include "type/stream/stream_order.h"
#include "type/stream/stream_pending.h"

/* The entry is so now. */
void stream_turn_leased(struct stream_order *o, struct stream_id id);
void stream_turn_released(struct stream_order *o, struct stream_pending *p, struct stream_id id);
void stream_turn_deferred(struct stream_order *o, struct stream_pending *p, struct stream_id id);
/* It is not pending any more. */
void stream_turn_gone(struct stream_order *o, struct stream_pending *p, struct stream_id id);
/* Messages that nobody had read went: the one at which a read stopped may be among them. */
void stream_turn_unread_gone(struct stream_order *o);
/* Walks everything, for tests: the order says of each pending entry that it knows what it is. */
bool stream_turn_is_sound(const struct stream_order *o, const struct stream_pending *p);

#endif
