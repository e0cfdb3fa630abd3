/* ZREVRANGE, ZREVRANGEBYSCORE, ZREVRANGEBYLEX: ZRANGE from the other end. */
#include "commands/index.h"

#include "commands/zset/zrange.h"
#include "commands/zset_args.h"

static void do_zrevrange(struct call *call)
{
    zrange_answer_by(call, ZSET_BY_RANK, true);
}

static void do_zrevrangebyscore(struct call *call)
{
    zrange_answer_by(call, ZSET_BY_SCORE, true);
}

static void do_zrevrangebylex(struct call *call)
{
    zrange_answer_by(call, ZSET_BY_LEX, true);
}

const struct command zrevrange_command = {
    .name = "zrevrange",
    .usage = "key:key start:int stop:int [WITHSCORES]",
    .summary = "Returns the members in a range of ranks, by descending score.",
    .since = "1.2.0",
    .complexity = "O(log(N)+M) with M the members answered",
    .group = GROUP_SORTED_SET,
    .arity = -4,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zrevrange,
};

const struct command zrevrangebyscore_command = {
    .name = "zrevrangebyscore",
    .usage = "key:key max:double min:double [WITHSCORES] [LIMIT offset:int count:int]",
    .summary = "Returns the members in a range of scores, by descending score.",
    .since = "2.2.0",
    .complexity = "O(log(N)+M) with M the members answered",
    .group = GROUP_SORTED_SET,
    .arity = -4,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zrevrangebyscore,
};

const struct command zrevrangebylex_command = {
    .name = "zrevrangebylex",
    .usage = "key:key max:string min:string [LIMIT offset:int count:int]",
    .summary = "Returns the members in a lexicographical range, in reverse order.",
    .since = "2.8.9",
    .complexity = "O(log(N)+M) with M the members answered",
    .group = GROUP_SORTED_SET,
    .arity = -4,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zrevrangebylex,
};
