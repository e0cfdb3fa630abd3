/* Pending entries in the order of delivery: merges the list of touched ones with the plain ones by
 * ID, older first. */
#ifndef TYPE_STREAM_STREAM_PENDING_WALK_H
#define TYPE_STREAM_STREAM_PENDING_WALK_H

#include "type/stream/stream_pending.h"

/* Walks in the order of delivery, released ones first; skips deferred and held ones. Nothing may
 * change meanwhile; restarting after a change is O(1). */
struct stream_pending_walk {
    struct stream_pending *pending;
    uint32_t linked;                   /* the next touched one */
    struct stream_pending_place plain; /* the next untouched one is here or later */
    bool plain_done;
    bool beyond; /* it has gone past the last barred lease with a node */
    bool leapt, leapt_released;
    bool took_plain; /* it has passed an untouched entry that is not barred: later ones can't extend
                        barred_below, which covers all below it */
};
/* Amortised O(1): the pending list remembers where untouched ones begin. */
void stream_pending_walk_start(struct stream_pending_walk *w, struct stream_pending *p);
/* The same, starting at the first leased one that stream_pending_end_next() has not returned. */
void stream_pending_walk_unlooked(struct stream_pending_walk *w, struct stream_pending *p);
/* Returns the next without advancing; false: none is left. */
bool stream_pending_walk_peek(struct stream_pending_walk *w, struct stream_pending_entry *out);
void stream_pending_walk_next(struct stream_pending_walk *w,
                              const struct stream_pending_entry *seen);

/* ---- Barred entries: the reader may not take them, however long they were idle, until something
 * else happens to them. The list remembers those that walks met first, so that they are not walked
 * over each time: whatever is added later or gets another time, owner or count is not one of them.
 * The reader says when those that it barred may be so no longer: stream_pending_walk_unbar(). */

/* As next, for a barred entry. */
void stream_pending_walk_bar(struct stream_pending_walk *w,
                             const struct stream_pending_entry *seen);
/* Goes past the known barred entries: if `seen`, which peek has just returned, has no owner,
 * those released; else those leased. Once each in a walk. False: there were none. O(log n). */
bool stream_pending_walk_leap(struct stream_pending_walk *w,
                              const struct stream_pending_entry *seen);
static inline void stream_pending_walk_unbar(struct stream_pending *p)
{
    p->barred_below = STREAM_ID_MIN;
    p->touched.barred = p->touched.barred_released = STREAM_TOUCHED_NONE;
}
/* Unbars, if one with an ID from `from` to `to` may be barred. O(log n). */
void stream_pending_walk_unbar_between(struct stream_pending *p, struct stream_id from,
                                       struct stream_id to);

/* ---- Single entries */

/* The owned entry that was delivered first; false: none. */
bool stream_pending_walk_oldest_leased(struct stream_pending *p, struct stream_pending_entry *out);
/* Released entries in order, then held ones, which files and replicas do not distinguish as they do
 * not know what they wait for. *at is STREAM_TOUCHED_NONE at first; false: the end. */
bool stream_pending_walk_released(const struct stream_pending *p, uint32_t *at,
                                  struct stream_pending_entry *out);

/* The delivery time of the entry that stream_pending_end_next() would return next; false: none. */
bool stream_pending_walk_end_ms(struct stream_pending *p, int64_t *time_ms);

#endif
