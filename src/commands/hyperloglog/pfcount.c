/* PFCOUNT. The count of a key is cached in its value, so this reading command writes and is
 * journalled, unless writes are refused now. Several keys are merged first. */
#include "commands/index.h"

#include "base/num.h"
#include "commands/hyperloglog/hll_args.h"
#include "commands/string_args.h"
#include "engine/state.h"
#include "type/hll.h"

/* Caches the count in the value. */
static void count_one(struct call *call)
{
    struct bytes key = call->argv[1], x;
    struct entry *e;
    uint64_t n;
    uint8_t most[HLL_REGISTERS] = {0};
    char scratch[NUM_INT_MAX];
    if (!hll_args_find(call, key, false, &e, scratch, &x))
        return;
    if (!e) {
        reply_int(call->reply, 0);
        return;
    }
    if (hll_cached(x, &n)) {
        reply_int(call->reply, (long long)n);
        return;
    }
    if (!hll_merge(most, x)) {
        hll_args_damaged(call);
        return;
    }
    n = hll_estimate(most);
    /* What a primary has cached must be cached by its replicas. */
    if (call_is_replay(call) || !state_holds_writes(call->engine)) {
        e = db_write_notouch(call->db, key);
        hll_put_cached(string_args_grow(call, key, e, x.n), n);
        CALL_EFFECT(call, BYTES("PFCOUNT"), key);
        db_changed(call->db, key, 0, NULL);
    }
    reply_int(call->reply, (long long)n);
}

static void do_pfcount(struct call *call)
{
    uint8_t most[HLL_REGISTERS];
    bool dense;
    if (call->argc == 2)
        count_one(call);
    else if (hll_args_merge(call, 1, most, &dense))
        reply_int(call->reply, (long long)hll_estimate(most));
}

const struct command pfcount_command = {
    .name = "pfcount",
    .usage = "key:key...",
    .summary = "Estimates the number of distinct elements.",
    .since = "2.8.9",
    .complexity = "O(1) for one key, O(N) for N",
    .group = GROUP_HYPERLOGLOG,
    .arity = -2,
    .flags = COMMAND_MAY_REPLICATE | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, -1, 1, KEY_RW | KEY_ACCESS)},
    .handler = do_pfcount,
};
