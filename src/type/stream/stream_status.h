/* What a group has to do, and how long it has been waiting, at a moment. */
#ifndef TYPE_STREAM_STREAM_STATUS_H
#define TYPE_STREAM_STREAM_STATUS_H

#include "type/stream/stream.h"

struct stream_status {
    uint64_t unread, released, overdue; /* ready: the sum of the three */
    uint64_t leased;                    /* whose leases run */
    uint64_t deferred, held;
    uint64_t blocked;         /* of the deferred ones: those that were to die and cannot */
    int64_t oldest_ready_ms;  /* age, by its ID, of what would be next; -1: none */
    int64_t oldest_leased_ms; /* since its delivery, of the longest leased or overdue; -1: none */
    int64_t next_due_ms;      /* until the first deferred one is due; -1: none */
};

/* wall_ms: IDs are compared with it, and deliveries of groups without a policy; steady_ms: all
 * others. O(blocks), and at most 10,000 leases that have ended and were not looked at yet are
 * counted: with more of them, overdue is too low, and leased too high. At most 1,000 entries that
 * have no message any more are passed over. */
void stream_status_read(const struct stream *s, struct stream_group *g, int64_t wall_ms,
                        int64_t steady_ms, struct stream_status *out);
/* The same without expanding a compressed block (console S4): where the group's position, or the
 * next entry, lies within one, unread and oldest_ready_ms are about. */
void stream_status_glance(const struct stream *s, struct stream_group *g, int64_t wall_ms,
                          int64_t steady_ms, struct stream_status *out);

#endif
