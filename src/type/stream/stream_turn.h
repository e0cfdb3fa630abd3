/* Keeps the order by a field (stream_order.h) and the pending list in step: after each change of an
 * entry the order is told, entries that must wait are held, and those that need not wait any more
 * are released.
 *
 *   leased     takes its value
 *   released   takes it unless another does; else it is held
 *   deferred   takes it or, where deferred entries are skipped, stands aside
 *
 * Entries unknown to the order, which lack the field, are not touched. */
#ifndef TYPE_STREAM_STREAM_TURN_H
#define TYPE_STREAM_STREAM_TURN_H

#include "type/stream/stream_order.h"
#include "type/stream/stream_pending.h"

/* The entry's new state. */
void stream_turn_leased(struct stream_order *o, struct stream_id id);
void stream_turn_released(struct stream_order *o, struct stream_pending *p, struct stream_id id);
void stream_turn_deferred(struct stream_order *o, struct stream_pending *p, struct stream_id id);
/* The entry left the pending list. */
void stream_turn_gone(struct stream_order *o, struct stream_pending *p, struct stream_id id);
/* Unread messages were removed: the one at which a read stopped may be among them. */
void stream_turn_unread_gone(struct stream_order *o);
/* Walks everything, for tests: the order has the right state for each pending entry that it knows.
 */
bool stream_turn_is_sound(const struct stream_order *o, const struct stream_pending *p);

#endif
