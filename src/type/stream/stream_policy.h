/* What a group does by itself: how long a delivery is leased, when what failed comes back, after
 * how many deliveries it is dead, how much may be in flight. Rules, and counters of what came of
 * them. Knows no clock and no chance: both are arguments. */
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

/* Since the policy was made, or the server started. */
struct stream_policy_counts {
    uint64_t delivered; /* redelivered ones included */
    uint64_t redelivered, acked, failed, released, leases_ended, dead, discarded, lost;
    uint64_t added_before; /* what was ever added to the stream when counting began */
};

struct stream_policy {
    int64_t lease_ms, max_deliver, prefetch, max_pending; /* 0: none, no limit */
    enum stream_retry retry;
    unsigned retry_n;        /* values in retry_ms: FIXED 1, EXP 2 (base, most), LIST 1 and more */
    int64_t *retry_ms;       /* owned; NULL when there are none */
    double factor;           /* of EXP */
    unsigned jitter;         /* percent */
    struct str *dead_letter; /* owned; "": the dead are dropped */
    bool delete_acked;       /* ONACK DELETE */
    bool paused;
    bool order_skips;      /* ORDERBY ... SKIP */
    bool release_on_close; /* ONDISCONNECT RELEASE */
    struct str *order_by;  /* owned; "": off */
    int64_t rate, rate_ms; /* deliveries in so many ms; 0 and 0: no limit */
    int64_t single_ms, consumer_ttl_ms, group_ttl_ms; /* 0: off */
    struct stream_policy_counts counts;
    void *watch; /* somebody else's, not owned; NULL: none */
};

/* All at their defaults. */
struct stream_policy *stream_policy_new(struct bytes dead_letter);
/* NULL: nothing. */
void stream_policy_free(struct stream_policy *p);
/* The rules; counts are zero, watch is NULL. */
struct stream_policy *stream_policy_copy(const struct stream_policy *p);
/* Sets the rules of a work queue (JOBS); the dead-letter key stays. */
void stream_policy_jobs(struct stream_policy *p);
/* n values, copied; none for STREAM_RETRY_NONE, 1 for FIXED, base and most for EXP, 1 to 64 for
 * LIST; each within 0 and STREAM_POLICY_BACKOFF_MOST. factor is of EXP: 1 to
 * STREAM_POLICY_FACTOR_MOST; others ignore it. */
void stream_policy_set_retry(struct stream_policy *p, enum stream_retry retry,
                             const int64_t *retry_ms, unsigned n, double factor);
void stream_policy_set_dead_letter(struct stream_policy *p, struct bytes key);
void stream_policy_set_order(struct stream_policy *p, struct bytes field, bool skips);
/* n 0: no limit, whatever ms says. */
void stream_policy_set_rate(struct stream_policy *p, int64_t n, int64_t ms);
/* The rules, not the counts. */
bool stream_policy_equal(const struct stream_policy *a, const struct stream_policy *b);
size_t stream_policy_memory(const struct stream_policy *p);
/* The dead-letter key of a stream that names none, in the same slot of a cluster: behind what is
 * there. False, and nothing added: no such key can be made of this name. */
bool stream_policy_dead_letter_name(struct bytes key, struct buf *out);
/* In ms, after a failure of an entry that was delivered count times (0 counts as once). chance: at
 * least 0, below 1. */
int64_t stream_policy_backoff(const struct stream_policy *p, uint64_t count, double chance);
/* Whether an entry that was delivered so often is dead when it fails. */
bool stream_policy_is_used_up(const struct stream_policy *p, uint64_t count);
/* The words of RETRY, as they are given and told: "EXP 1000 600000 2"; behind what is there. */
void stream_policy_print_retry(const struct stream_policy *p, struct buf *out);

#endif
