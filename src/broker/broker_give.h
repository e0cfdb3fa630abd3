/* Entries of a group are given to a reader: they become pending for it, or with NOACK only the
 * position moves. Which ones is decided before (broker_deliver.h, or Redis' rules); what becomes of
 * an entry on its way to the reader is the business of who calls: a reply, a push. */
#ifndef BROKER_BROKER_GIVE_H
#define BROKER_BROKER_GIVE_H

#include "broker/broker_act.h"

struct broker_giving {
    struct broker_group at;
    struct stream_consumer *reader;
    bool noack;
    struct buf *acked; /* NOACK: struct stream_id of each new entry of a stream that deletes what is
                          acknowledged; for broker_lease_delete() */
    /* The entry goes to the reader. before: as it was pending, or NULL: it is new. False: that was
     * the last one that fits. */
    bool (*put)(void *context, struct stream_entry *e, const struct stream_pending_entry *before);
    void *context;
};

/* The delivery count behind this one. */
static inline uint64_t broker_give_count(uint64_t count)
{
    return count >= INT64_MAX ? INT64_MAX : count + 1;
}
/* Up to n > 0 entries from the cursor's on, which nobody in the group has read; the cursor stays to
 * be ended. Effects XCLAIM and XGROUP SETID. Returns how many were given: at least one, unless the
 * group goes by an order, which may pass over all of them (broker_order.h). */
uint64_t broker_give_new(const struct broker_giving *g, struct stream_cursor *c, uint64_t n);
/* The first n > 0 of a list of pending entries. Effect XCLAIM. Returns how many were dealt with. */
uint64_t broker_give_pending(const struct broker_giving *g, const struct stream_pending_entry *list,
                             size_t n);

#endif
