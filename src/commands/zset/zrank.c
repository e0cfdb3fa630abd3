/* ZRANK and ZREVRANK. O(log N): the B+tree knows its ranks (ds/ranked). */
#include "commands/index.h"

#include "commands/zset_args.h"

static void rank(struct call *call, bool backwards)
{
    const struct zset *z;
    size_t r;
    double score;
    bool scores = call->argc == 4 && bytes_is(call->argv[3], "withscore");
    if (call->argc > 4 || (call->argc == 4 && !scores)) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if (!zset_args_read(call, call->argv[1], &z))
        return;
    if (!z || !zset_rank(z, call->argv[2], &r, &score)) {
        if (scores)
            reply_null_array(call->reply);
        else
            reply_null(call->reply);
        return;
    }
    if (scores)
        reply_array(call->reply, 2);
    reply_int(call->reply, (long long)(backwards ? zset_count(z) - 1 - r : r));
    if (scores)
        reply_double(call->reply, score);
}

static void do_zrank(struct call *call)
{
    rank(call, false);
}

static void do_zrevrank(struct call *call)
{
    rank(call, true);
}

const struct command zrank_command = {
    .name = "zrank",
    .usage = "key:key member:string [WITHSCORE]",
    .summary = "Returns the rank of a member, by ascending score.",
    .since = "2.0.0",
    .complexity = "O(log(N))",
    .group = GROUP_SORTED_SET,
    .arity = -3,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zrank,
};

const struct command zrevrank_command = {
    .name = "zrevrank",
    .usage = "key:key member:string [WITHSCORE]",
    .summary = "Returns the rank of a member, by descending score.",
    .since = "2.0.0",
    .complexity = "O(log(N))",
    .group = GROUP_SORTED_SET,
    .arity = -3,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zrevrank,
};
