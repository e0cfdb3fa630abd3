/* The policy of a group: how long a delivery is leased, when a failed entry is retried, after how
 * many deliveries it is dead, how much may be in flight; and counters of the outcomes. Time and
 * randomness are arguments. */
#ifndef TYPE_STREAM_STREAM_POLICY_H
#define TYPE_STREAM_STREAM_POLICY_H

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define STREAM_POLICY_LEASE_MOST    604800000  /* ms */
#define STREAM_POLICY_BACKOFF_MOST  2592000000 /* ms */
#define STREAM_POLICY_BACKOFFS_MOST 64         /* values of RETRY LIST */
#define STREAM_POLICY_FACTOR_MOST   100
#define STREAM_POLICY_DELIVER_MOST  1000000
#define STREAM_POLICY_PREFETCH_MOST 1000000
#define STREAM_POLICY_PENDING_MOST  100000000
#define STREAM_POLICY_RATE_MOST     1000000
#define STREAM_POLICY_RATE_MS_MOST  86400000
#define STREAM_POLICY_SINGLE_MOST   86400000    /* ms */
#define STREAM_POLICY_TTL_MOST      31536000000 /* ms */

enum stream_retry { STREAM_RETRY_NONE, STREAM_RETRY_FIXED, STREAM_RETRY_EXP, STREAM_RETRY_LIST };

/* Since the policy was created, or the server started. */
struct stream_policy_counts {
    uint64_t delivered; /* including redelivered ones */
    uint64_t redelivered, acked, failed, released, leases_ended, dead, discarded, lost;
    uint64_t added_before; /* stream.added when counting began */
};

struct stream_policy {
    int64_t lease_ms, max_deliver, prefetch, max_pending; /* 0: none, no limit */
    enum stream_retry retry;
    unsigned retry_n;        /* values in retry_ms: FIXED 1, EXP 2 (base, most), LIST 1 or more */
    int64_t *retry_ms;       /* owned; NULL: none */
    double factor;           /* of EXP */
    unsigned jitter;         /* percent */
    struct str *dead_letter; /* owned; "": dead entries are dropped */
    bool delete_acked;       /* ONACK DELETE */
    bool paused;
    bool order_skips;      /* ORDERBY ... SKIP */
    bool release_on_close; /* ONDISCONNECT RELEASE */
    struct str *order_by;  /* owned; "": off */
    int64_t rate, rate_ms; /* deliveries in a number of ms; 0 and 0: no limit */
    int64_t single_ms, consumer_ttl_ms, group_ttl_ms; /* 0: off */
    struct stream_policy_counts counts;
    void *watch; /* the broker's, not owned; NULL: none */
};

/* All rules at their defaults. */
struct stream_policy *stream_policy_new(struct bytes dead_letter);
/* NULL: nothing. */
void stream_policy_free(struct stream_policy *p);
/* Copies the rules; counts are zero, watch is NULL. */
struct stream_policy *stream_policy_copy(const struct stream_policy *p);
/* Sets the rules of a work queue (JOBS); the dead-letter key stays. */
void stream_policy_jobs(struct stream_policy *p);
/* Copies n values: none for STREAM_RETRY_NONE, 1 for FIXED, base and most for EXP, 1 to 64 for
 * LIST; each from 0 to STREAM_POLICY_BACKOFF_MOST. factor, for EXP only: 1 to
 * STREAM_POLICY_FACTOR_MOST. */
void stream_policy_set_retry(struct stream_policy *p, enum stream_retry retry,
                             const int64_t *retry_ms, unsigned n, double factor);
void stream_policy_set_dead_letter(struct stream_policy *p, struct bytes key);
void stream_policy_set_order(struct stream_policy *p, struct bytes field, bool skips);
/* n 0: no limit; ms is ignored. */
void stream_policy_set_rate(struct stream_policy *p, int64_t n, int64_t ms);
/* Compares the rules, not the counts. */
bool stream_policy_equal(const struct stream_policy *a, const struct stream_policy *b);
size_t stream_policy_memory(const struct stream_policy *p);
/* Appends the default dead-letter key of a stream, which is in the same cluster slot. False, adding
 * nothing: this name has no such key. */
bool stream_policy_dead_letter_name(struct bytes key, struct buf *out);
/* The delay in ms after an entry failed that was delivered count times (0 counts as 1). chance: in
 * [0,1). */
int64_t stream_policy_backoff(const struct stream_policy *p, uint64_t count, double chance);
/* Whether an entry that fails after so many deliveries is dead. */
bool stream_policy_is_used_up(const struct stream_policy *p, uint64_t count);
/* Appends the words of RETRY: "EXP 1000 600000 2". */
void stream_policy_print_retry(const struct stream_policy *p, struct buf *out);

#endif
