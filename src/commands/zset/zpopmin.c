/* ZPOPMIN and ZPOPMAX. With a count RESP3 clients get pairs, all others a flat array. */
#include "commands/index.h"

#include "base/num.h"
#include "commands/zset/zset_pop.h"
#include "commands/zset_args.h"

static void pop(struct call *call, bool highest)
{
    struct entry *e;
    long long wanted = 1;
    bool counted = call->argc == 3;
    if (call->argc > 3) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if (counted && (!num_parse_int(call->argv[2], &wanted) || wanted < 0)) {
        call_error(call, ERR_MUST_BE_POSITIVE);
        return;
    }
    if (!zset_args_write(call, call->argv[1], &e))
        return;
    if (!e || wanted == 0) {
        reply_array(call->reply, 0);
        return;
    }
    size_t count = zset_count(value_object(e)), n = (size_t)wanted < count ? (size_t)wanted : count;
    bool pairs = counted && call->reply->resp == 3;
    reply_array(call->reply, pairs ? n : 2 * n);
    zset_pop_take(call, call->argv[1], e, highest, n, pairs);
}

static void do_zpopmin(struct call *call)
{
    pop(call, false);
}

static void do_zpopmax(struct call *call)
{
    pop(call, true);
}

const struct command zpopmin_command = {
    .name = "zpopmin",
    .usage = "key:key [count:int]",
    .summary = "Removes and returns the members with the lowest scores.",
    .since = "5.0.0",
    .complexity = "O(M*log(N)) with M the members taken",
    .group = GROUP_SORTED_SET,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_zpopmin,
};

const struct command zpopmax_command = {
    .name = "zpopmax",
    .usage = "key:key [count:int]",
    .summary = "Removes and returns the members with the highest scores.",
    .since = "5.0.0",
    .complexity = "O(M*log(N)) with M the members taken",
    .group = GROUP_SORTED_SET,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_zpopmax,
};
