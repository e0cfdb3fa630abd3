/* One read with ">" of one group with a policy, for XREADGROUP and for pushes: removes expired
 * messages, chooses (broker_deliver.h), hands out (broker_give.h) and counts. */
#ifndef BROKER_BROKER_READ_H
#define BROKER_BROKER_READ_H

#include "broker/broker_deliver.h"

#define BROKER_READ_UNKNOWN UINT64_MAX

struct broker_read {
    struct broker_reading reading; /* all but its results */
    struct stream_consumer *reader;
    uint64_t most; /* entries, > 0 */
    /* Called before the first entry, if any. n entries follow, unless the reader is full before
     * that; UNKNOWN: not known yet. May be NULL. */
    void (*begin)(void *context, uint64_t n);
    /* As in struct broker_giving. */
    bool (*put)(void *context, struct stream_entry *e, const struct stream_pending_entry *before);
    void *context;
};

/* Returns how many entries were delivered. If that is less than asked for, r->reading.held_back
 * says whether other readers may be given more. */
uint64_t broker_read(struct broker_read *r);

#endif
