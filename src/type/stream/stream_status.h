/* A group's backlog at a point in time: how much there is to do, and for how long it has waited. */
#ifndef TYPE_STREAM_STREAM_STATUS_H
#define TYPE_STREAM_STREAM_STATUS_H

#include "type/stream/stream.h"

struct stream_status {
    uint64_t unread, released, overdue; /* ready: the sum of the three */
    uint64_t leased;                    /* whose leases still run */
    uint64_t deferred, held;
    uint64_t blocked;         /* deferred ones that were to die and cannot */
    int64_t oldest_ready_ms;  /* age, by its ID, of the next entry to deliver; -1: none */
    int64_t oldest_leased_ms; /* since delivery, of the longest leased or overdue entry; -1: none */
    int64_t next_due_ms;      /* until the first deferred one is due; -1: none */
};

/* IDs are compared with wall_ms, as are deliveries of groups without a policy; other deliveries
 * with steady_ms. O(blocks). Counts at most 10,000 ended leases that were not looked at yet: with
 * more, overdue is too low and leased too high. Skips at most 1,000 entries whose message is
 * deleted. */
void stream_status_read(const struct stream *s, struct stream_group *g, int64_t wall_ms,
                        int64_t steady_ms, struct stream_status *out);
/* The same without expanding a compressed block (console S4): if the position or the next entry
 * lies in one, unread and oldest_ready_ms are estimates. */
void stream_status_glance(const struct stream *s, struct stream_group *g, int64_t wall_ms,
                          int64_t steady_ms, struct stream_status *out);

#endif
