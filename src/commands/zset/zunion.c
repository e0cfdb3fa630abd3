/* ZUNION and ZUNIONSTORE, by zset/zset_algebra. */
#include "commands/index.h"

#include "commands/zset/zset_algebra.h"

static void do_zunion(struct call *call)
{
    zset_algebra_answer(call, ZSET_UNION);
}

static void do_zunionstore(struct call *call)
{
    zset_algebra_store(call, ZSET_UNION, "zunionstore");
}

const struct command zunion_command = {
    .name = "zunion",
    .usage = "numkeys:int key:key... [WEIGHTS weight:int...] [AGGREGATE <SUM | MIN | MAX | COUNT>] "
             "[WITHSCORES]",
    .summary = "Returns the union of sorted sets.",
    .since = "6.2.0",
    .complexity = "O(N)+O(M*log(M)) with N the members of all and M those of the result",
    .group = GROUP_SORTED_SET,
    .arity = -3,
    .flags = COMMAND_MOVABLEKEYS | COMMAND_READONLY,
    .keys = {KEY_COUNTED(1, 0, 1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zunion,
};

const struct command zunionstore_command = {
    .name = "zunionstore",
    .usage = "destination:key numkeys:int key:key... [WEIGHTS weight:int...] [AGGREGATE <SUM | MIN "
             "| MAX>]",
    .summary = "Stores the union of sorted sets.",
    .since = "2.0.0",
    .complexity = "O(N)+O(M*log(M)) with N the members of all and M those of the result",
    .group = GROUP_SORTED_SET,
    .arity = -4,
    .flags = COMMAND_DENYOOM | COMMAND_MOVABLEKEYS | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_OW | KEY_UPDATE), KEY_COUNTED(2, 0, 1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zunionstore,
};
