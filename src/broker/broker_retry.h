/* Entries are given back to a group with a policy: because somebody says so (XNACK), or because
 * whoever had them is gone. They are released, deferred by the policy's back-off, or die. */
#ifndef BROKER_BROKER_RETRY_H
#define BROKER_BROKER_RETRY_H

#include "broker/broker_act.h"

enum broker_retry_mode {
    BROKER_RETRY_FAIL,   /* it counts; back-off, or death */
    BROKER_RETRY_SILENT, /* as if it had not been delivered */
    BROKER_RETRY_FATAL,  /* it dies */
};

struct broker_retry {
    enum broker_retry_mode mode;
    int64_t due_ms;      /* when it comes back, by the steady clock; -1: as the policy says */
    long long count;     /* deliveries from now on; -1: as the mode says */
    bool force;          /* also of entries that are there and not pending */
    struct bytes reason; /* what was told; empty: nothing */
};

/* Whoever has them; also entries without an owner. Returns how many were released, deferred or
 * died. Effects XNACK, one a run of equal time and count; those of deaths; readers are woken. */
size_t broker_retry_give_back(const struct broker_group *x, const struct broker_retry *r,
                              const struct stream_id *ids, size_t n);
/* IDs of what the consumer has, in order, at most so many; the caller's to free. */
struct stream_id *broker_retry_owned(const struct stream_group *g, const struct stream_consumer *c,
                                     size_t most, size_t *n);
/* These, which have owners, are released in the order given, and those that are used up die (broker
 * D1); text: what befell them. Effects XNACK, one a run of equal counts; readers are woken. */
void broker_retry_take_back(const struct broker_group *x, const struct stream_id *ids, size_t n,
                            struct bytes text);
/* The consumer is about to be deleted: what it has is released in the order of IDs, and what is
 * used up dies (broker L14, D1). Returns how many entries it had. */
size_t broker_retry_delete_consumer(const struct broker_group *x, const struct stream_consumer *c);
/* Ready again from now on, as one that was never delivered; pending or not (XREDRIVE). due_ms as
 * above, -1: at once. */
void broker_retry_anew(const struct broker_group *x, struct stream_id id, int64_t due_ms);

#endif
