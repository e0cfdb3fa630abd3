/* The arguments of XPOLICY SET: which options were given, with which values. */
#ifndef COMMANDS_STREAM_XPOLICY_ARGS_H
#define COMMANDS_STREAM_XPOLICY_ARGS_H

#include "command/keys.h"
#include "engine/call.h"
#include "type/stream/stream_policy.h"

enum xpolicy_option {
    XPOLICY_LEASE,
    XPOLICY_RETRY,
    XPOLICY_JITTER,
    XPOLICY_MAXDELIVER,
    XPOLICY_DEADLETTER,
    XPOLICY_ONACK,
    XPOLICY_PREFETCH,
    XPOLICY_MAXPENDING,
    XPOLICY_RATE,
    XPOLICY_ORDERBY,
    XPOLICY_SINGLE,
    XPOLICY_ONDISCONNECT,
    XPOLICY_CONSUMERTTL,
    XPOLICY_GROUPTTL,
    XPOLICY_PAUSE,
    XPOLICY_OPTIONS
};

struct xpolicy_args {
    bool make, jobs;
    unsigned given;                     /* bits 1 << enum xpolicy_option */
    long long numbers[XPOLICY_OPTIONS]; /* values of numeric options; for words: the index; for
                                           ORDERBY: that of HOLD or SKIP */
    struct bytes dead_letter, order_by;
    int64_t rate_ms;
    enum stream_retry retry;
    int64_t retry_ms[STREAM_POLICY_BACKOFFS_MOST];
    unsigned retry_n;
    double factor;
};

/* False after the error reply. */
bool xpolicy_args_parse(const struct call *call, struct xpolicy_args *out);
/* Applies the given rules to the policy. */
void xpolicy_args_apply(const struct xpolicy_args *x, struct stream_policy *p);
/* The keys of XPOLICY SET, whether or not its options are sound. */
void xpolicy_args_find_keys(struct keys *to, const struct bytes *argv, int argc);

#endif
