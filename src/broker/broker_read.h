/* One read with ">" of one group with a policy, whoever asks: XREADGROUP, a push. Removes what has
 * expired, chooses (broker_deliver.h), gives (broker_give.h) and counts. */
#ifndef BROKER_BROKER_READ_H
#define BROKER_BROKER_READ_H

#include "broker/broker_deliver.h"

#define BROKER_READ_UNKNOWN UINT64_MAX

struct broker_read {
    struct broker_reading reading; /* all but its results, and a reader that may be changed */
    struct stream_consumer *reader;
    uint64_t most; /* entries, > 0 */
    /* At least one entry follows, and n of them, unless the reader has enough before that; UNKNOWN:
     * as many as are found. NULL: nobody wants to know. */
    void (*begin)(void *context, uint64_t n);
    /* As in struct broker_giving. */
    bool (*put)(void *context, struct stream_entry *e, const struct stream_pending_entry *before);
    void *context;
};

/* Returns how many entries were given. r->reading.held_back: when there was nothing, or less than
 * asked for, others may find more. */
uint64_t broker_read(struct broker_read *r);

#endif
