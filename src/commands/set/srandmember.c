/* SRANDMEMBER: random members, which stay. With a negative count members may be repeated. */
#include "commands/index.h"

#include "base/num.h"
#include "base/str.h"
#include "commands/set/set_args.h"
#include "commands/set/set_random.h"

static void do_srandmember(struct call *call)
{
    const struct set *s;
    long long wanted;
    char scratch[NUM_INT_MAX];
    struct rng *rng = &call->store->rng;
    if (call->argc > 3) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if (call->argc == 2) {
        if (!set_args_read(call, call->argv[1], &s))
            return;
        if (s)
            reply_bulk(call->reply, set_random(s, rng, scratch));
        else
            reply_null(call->reply);
        return;
    }
    if (!call_int_range(call, 2, -HELPERS_RANDOM_MOST, INT64_MAX, ERR_VALUE_RANGE, &wanted) ||
        !set_args_read(call, call->argv[1], &s))
        return;
    if (!s || wanted == 0) {
        reply_array(call->reply, 0);
    } else if (wanted < 0) {
        reply_array(call->reply, (size_t)-wanted);
        for (; wanted && !reply_is_lost(call->reply); wanted++)
            reply_bulk(call->reply, set_random(s, rng, scratch));
    } else if ((size_t)wanted >= set_count(s)) {
        reply_array(call->reply, set_count(s));
        set_args_reply(call, s);
    } else {
        struct str **chosen = set_random_choose(call, s, (size_t)wanted);
        reply_array(call->reply, (size_t)wanted);
        for (long long i = 0; i < wanted; i++)
            reply_bulk(call->reply, str_bytes(chosen[i]));
        set_random_free(chosen, (size_t)wanted);
    }
}

const struct command srandmember_command = {
    .name = "srandmember",
    .usage = "key:key [count:int]",
    .summary = "Returns random members of a set.",
    .since = "1.0.0",
    .complexity = "O(N) with N the members answered",
    .tips = "nondeterministic_output",
    .group = GROUP_SET,
    .arity = -2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_srandmember,
};
