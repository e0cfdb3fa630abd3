/* A group's deferred entries, in the order in which they are due. */
#ifndef TYPE_STREAM_STREAM_PENDING_DEFERRED_H
#define TYPE_STREAM_STREAM_PENDING_DEFERRED_H

#include "type/stream/stream_pending.h"

struct stream_pending_deferred {
    struct stream_id id;
    int64_t due_ms;
    uint64_t count;
    struct bytes reason; /* valid until the entry changes */
};
/* The first `most` of those due at from_ms or later, by due time, then ID; the caller frees the
 * array. O(deferred), plus n log n for the n results. */
struct stream_pending_deferred *stream_pending_deferred(const struct stream_pending *p,
                                                        int64_t from_ms, size_t most, size_t *n);

#endif
