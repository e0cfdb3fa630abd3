/* ZSCORE and ZMSCORE. */
#include "commands/index.h"

#include "commands/zset_args.h"

static void do_zscore(struct call *call)
{
    const struct zset *z;
    double score;
    if (!zset_args_read(call, call->argv[1], &z))
        return;
    if (z && zset_score(z, call->argv[2], &score))
        reply_double(call->reply, score);
    else
        reply_null(call->reply);
}

static void do_zmscore(struct call *call)
{
    const struct zset *z;
    double score;
    if (!zset_args_read(call, call->argv[1], &z))
        return;
    reply_array(call->reply, (size_t)call->argc - 2);
    for (int i = 2; i < call->argc; i++) {
        if (z && zset_score(z, call->argv[i], &score))
            reply_double(call->reply, score);
        else
            reply_null(call->reply);
    }
}

const struct command zscore_command = {
    .name = "zscore",
    .usage = "key:key member:string",
    .summary = "Returns the score of a member.",
    .since = "1.2.0",
    .complexity = "O(1)",
    .group = GROUP_SORTED_SET,
    .arity = 3,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zscore,
};

const struct command zmscore_command = {
    .name = "zmscore",
    .usage = "key:key member:string...",
    .summary = "Returns the scores of several members, null for those that do not exist.",
    .since = "6.2.0",
    .complexity = "O(N) with N the members",
    .group = GROUP_SORTED_SET,
    .arity = -3,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zmscore,
};
