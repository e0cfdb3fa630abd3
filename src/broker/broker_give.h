/* Hands entries of a group to a reader: they become its pending entries, or with NOACK only the
 * position moves. Which entries is decided before (broker_deliver.h, or Redis' rules); sending them
 * is up to the caller, which replies or pushes. */
#ifndef BROKER_BROKER_GIVE_H
#define BROKER_BROKER_GIVE_H

#include "broker/broker_act.h"

struct broker_giving {
    struct broker_group at;
    struct stream_consumer *reader;
    bool noack;
    struct buf *acked; /* NOACK: collects the struct stream_id of new entries if the stream
                          deletes what is acknowledged; for broker_lease_delete() */
    /* Passes an entry to the reader. before: its former pending state; NULL: it is new. False: no
     * more fit after this one. */
    bool (*put)(void *context, struct stream_entry *e, const struct stream_pending_entry *before);
    void *context;
};

/* The next delivery count. */
static inline uint64_t broker_give_count(uint64_t count)
{
    return count >= INT64_MAX ? INT64_MAX : count + 1;
}
/* Hands out up to n > 0 unread entries from the cursor on; the caller ends the cursor. Effects
 * XCLAIM and XGROUP SETID. Returns how many: at least one, unless the group has an order, which may
 * pass over all of them (broker_order.h). */
uint64_t broker_give_new(const struct broker_giving *g, struct stream_cursor *c, uint64_t n);
/* Hands out the first n > 0 of a list of pending entries. Effect XCLAIM. Returns how many of the
 * list were processed. */
uint64_t broker_give_pending(const struct broker_giving *g, const struct stream_pending_entry *list,
                             size_t n);

#endif
