/* ZCOUNT and ZLEXCOUNT. O(log N): a range is a pair of ranks. */
#include "commands/index.h"

#include "commands/zset_args.h"

static void count(struct call *call, enum zset_range_by by)
{
    const struct zset *z;
    struct zset_range r = {.by = by};
    size_t from, n = 0;
    if (!zset_args_range(call, 2, &r) || !zset_args_read(call, call->argv[1], &z))
        return;
    if (z)
        zset_args_ranks(z, &r, &from, &n);
    reply_int(call->reply, (long long)n);
}

static void do_zcount(struct call *call)
{
    count(call, ZSET_BY_SCORE);
}

static void do_zlexcount(struct call *call)
{
    count(call, ZSET_BY_LEX);
}

const struct command zcount_command = {
    .name = "zcount",
    .usage = "key:key min:double max:double",
    .summary = "Returns the number of members in a range of scores.",
    .since = "2.0.0",
    .complexity = "O(log(N))",
    .group = GROUP_SORTED_SET,
    .arity = 4,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zcount,
};

const struct command zlexcount_command = {
    .name = "zlexcount",
    .usage = "key:key min:string max:string",
    .summary = "Returns the number of members in a lexicographical range.",
    .since = "2.8.9",
    .complexity = "O(log(N))",
    .group = GROUP_SORTED_SET,
    .arity = 4,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zlexcount,
};
