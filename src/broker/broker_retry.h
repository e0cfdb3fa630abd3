/* Returns entries to a group with a policy: on request (XNACK), or because their consumer is gone.
 * They are released, deferred by the policy's back-off, or die. */
#ifndef BROKER_BROKER_RETRY_H
#define BROKER_BROKER_RETRY_H

#include "broker/broker_act.h"

enum broker_retry_mode {
    BROKER_RETRY_FAIL,   /* a failed attempt: back-off, or death */
    BROKER_RETRY_SILENT, /* as if it had not been delivered */
    BROKER_RETRY_FATAL,  /* it dies */
};

struct broker_retry {
    enum broker_retry_mode mode;
    int64_t due_ms;      /* when it is due again, by the steady clock; -1: by the policy */
    long long count;     /* the new delivery count; -1: by the mode */
    bool force;          /* also entries that exist and are not pending */
    struct bytes reason; /* the reason given; empty: none */
};

/* Whoever owns them, and also without an owner. Returns how many were released, deferred or died.
 * Effects XNACK, one for each run of equal time and count, and those of deaths; wakes readers. */
size_t broker_retry_give_back(const struct broker_group *x, const struct broker_retry *r,
                              const struct stream_id *ids, size_t n);
/* Up to `most` IDs of the consumer's entries, in order; the caller frees them. */
struct stream_id *broker_retry_owned(const struct stream_group *g, const struct stream_consumer *c,
                                     size_t most, size_t *n);
/* Releases entries that have owners, in the order given; those with used-up deliveries die (broker
 * D1). text: what happened. Effects XNACK, one for each run of equal counts; wakes readers. */
void broker_retry_take_back(const struct broker_group *x, const struct stream_id *ids, size_t n,
                            struct bytes text);
/* The consumer is about to be deleted: releases its entries in the order of IDs; those with used-up
 * deliveries die (broker L14, D1). Returns how many it had. */
size_t broker_retry_delete_consumer(const struct broker_group *x, const struct stream_consumer *c);
/* Makes an entry, pending or not, ready again as if never delivered (XREDRIVE). due_ms as above;
 * -1: at once. */
void broker_retry_anew(const struct broker_group *x, struct stream_id id, int64_t due_ms);

#endif
