/* An entry delivered by a group and not acknowledged yet. */
#ifndef TYPE_STREAM_STREAM_PENDING_ENTRY_H
#define TYPE_STREAM_STREAM_PENDING_ENTRY_H

#include "base/num.h"
#include "type/stream/stream_id.h"

#define STREAM_PENDING_NO_CONSUMER UINT32_MAX

struct stream_pending_entry {
    struct stream_id id;
    int64_t time_ms;   /* of the last delivery; 0: no owner */
    uint64_t count;    /* deliveries */
    uint32_t consumer; /* the number of its owner, or STREAM_PENDING_NO_CONSUMER */
    bool touched;      /* it has a node in stream_touched.h */
};

/* Whether it may change owner: it has none, or has been pending for min_idle_ms. Without a required
 * idle time a clock that is behind does not matter: replicas apply effects of a primary with
 * another clock. */
static inline bool stream_pending_is_claimable(const struct stream_pending_entry *e, int64_t now_ms,
                                               int64_t min_idle_ms)
{
    return e->consumer == STREAM_PENDING_NO_CONSUMER || min_idle_ms <= 0 ||
           num_minus(now_ms, e->time_ms) >= min_idle_ms;
}

#endif
