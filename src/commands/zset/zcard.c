/* ZCARD. */
#include "commands/index.h"

#include "commands/zset_args.h"

static void do_zcard(struct call *call)
{
    const struct zset *z;
    if (zset_args_read(call, call->argv[1], &z))
        reply_int(call->reply, z ? (long long)zset_count(z) : 0);
}

const struct command zcard_command = {
    .name = "zcard",
    .usage = "key:key",
    .summary = "Returns the number of members of a sorted set.",
    .since = "1.2.0",
    .complexity = "O(1)",
    .group = GROUP_SORTED_SET,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO)},
    .handler = do_zcard,
};
