/* ZRANDMEMBER: random members. With a positive count they are distinct; with a negative one a
 * member may occur several times. */
#include "commands/index.h"

#include "commands/zset_args.h"
#include "ds/dict.h"

static void reply_rank(struct call *call, const struct zset *z, size_t rank_, bool scores)
{
    struct zset_walk w;
    struct zset_item x;
    zset_walk_start(&w, z, rank_, 1, false);
    zset_walk_next(&w, &x);
    zset_args_reply(call, &x, scores);
}

/* Replies with n different members: draws ranks until they differ, or decides for each one. */
static void reply_distinct(struct call *call, const struct zset *z, size_t n, bool scores)
{
    struct rng *rng = &call->store->rng;
    size_t left = zset_count(z);
    zset_args_reply_length(call, n, scores);
    if (n * 3 < left) {
        struct dict seen = {0};
        while (n) {
            size_t r = rng_below(rng, left), before = seen.used;
            dict_ensure(&seen, bytes_of(&r, sizeof(r)));
            if (seen.used == before)
                continue;
            reply_rank(call, z, r, scores);
            n--;
        }
        dict_clear(&seen);
        return;
    }
    struct zset_walk w;
    struct zset_item x;
    zset_walk_start(&w, z, 0, left, false);
    for (; n && zset_walk_next(&w, &x); left--)
        if (rng_below(rng, left) < n) {
            zset_args_reply(call, &x, scores);
            n--;
        }
}

static void do_zrandmember(struct call *call)
{
    const struct zset *z;
    long long wanted;
    struct rng *rng = &call->store->rng;
    if (call->argc == 2) {
        if (!zset_args_read(call, call->argv[1], &z))
            return;
        if (z)
            reply_rank(call, z, rng_below(rng, zset_count(z)), false);
        else
            reply_null(call->reply);
        return;
    }
    if (!call_int_range(call, 2, -HELPERS_RANDOM_MOST, INT64_MAX, ERR_VALUE_RANGE, &wanted))
        return;
    if (call->argc > 4 || (call->argc == 4 && !bytes_is(call->argv[3], "withscores"))) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    bool scores = call->argc == 4;
    if (scores && wanted > INT64_MAX / 2) {
        call_error(call, ERR_VALUE_RANGE);
        return;
    }
    if (!zset_args_read(call, call->argv[1], &z))
        return;
    if (!z || wanted == 0) {
        reply_array(call->reply, 0);
    } else if (wanted < 0) {
        zset_args_reply_length(call, (size_t)-wanted, scores);
        for (; wanted && !reply_is_lost(call->reply); wanted++)
            reply_rank(call, z, rng_below(rng, zset_count(z)), scores);
    } else {
        size_t n = (size_t)wanted < zset_count(z) ? (size_t)wanted : zset_count(z);
        reply_distinct(call, z, n, scores);
    }
}

const struct command zrandmember_command = {
    .name = "zrandmember",
    .usage = "key:key [count:int [WITHSCORES]]",
    .summary = "Returns random members of a sorted set.",
    .since = "6.2.0",
    .complexity = "O(N*log(M)) with N the members answered and M all",
    .tips = "nondeterministic_output",
    .group = GROUP_SORTED_SET,
    .arity = -2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zrandmember,
};
