/* Pending entries in the order of delivery: the list of touched ones and the plain ones by ID, the
 * older of both next. */
#ifndef TYPE_STREAM_STREAM_PENDING_WALK_H
#define TYPE_STREAM_STREAM_PENDING_WALK_H

#include "type/stream/stream_pending.h"

/* Walks in the order of delivery, released ones first, deferred and held ones not at all. Nothing
 * may change meanwhile; starting anew after a change is O(1). */
struct stream_pending_walk {
    const struct stream_pending *pending;
    uint32_t linked;                   /* the next touched one */
    struct stream_pending_place plain; /* the next untouched one is there or behind */
    bool plain_done;
};
/* Remembers how far untouched ones were touched: amortised, that is O(1). */
void stream_pending_walk_start(struct stream_pending_walk *w, struct stream_pending *p);
/* The same, from the first leased one on that stream_pending_end_next() has not looked at. */
void stream_pending_walk_unlooked(struct stream_pending_walk *w, struct stream_pending *p);
/* Looks at the next without taking it; false: none is left. */
bool stream_pending_walk_peek(struct stream_pending_walk *w, struct stream_pending_entry *out);
void stream_pending_walk_next(struct stream_pending_walk *w,
                              const struct stream_pending_entry *seen);

/* The one with an owner that was delivered first; false: there is none. */
bool stream_pending_walk_oldest_leased(struct stream_pending *p, struct stream_pending_entry *out);
/* Released ones in their order, then held ones, which are the same for all who do not know for what
 * they are held (files, replicas): *at is STREAM_TOUCHED_NONE at first; false: the end. */
bool stream_pending_walk_released(const struct stream_pending *p, uint32_t *at,
                                  struct stream_pending_entry *out);

/* The delivery time of the entry that stream_pending_end_next() would look at next, without looking
 * at it; false: all were looked at. */
bool stream_pending_walk_end_ms(struct stream_pending *p, int64_t *time_ms);

#endif
