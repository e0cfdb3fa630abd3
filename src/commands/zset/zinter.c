/* ZINTER, ZINTERSTORE, ZINTERCARD, by zset/zset_algebra. */
#include "commands/index.h"

#include "commands/zset/zset_algebra.h"

static void do_zinter(struct call *call)
{
    zset_algebra_answer(call, ZSET_INTERSECTION);
}

static void do_zinterstore(struct call *call)
{
    zset_algebra_store(call, ZSET_INTERSECTION, "zinterstore");
}

const struct command zinter_command = {
    .name = "zinter",
    .usage = "numkeys:int key:key... [WEIGHTS weight:int...] [AGGREGATE <SUM | MIN | MAX | COUNT>] "
             "[WITHSCORES]",
    .summary = "Returns the intersection of sorted sets.",
    .since = "6.2.0",
    .complexity = "O(N*K)+O(M*log(M)) with N the members of the smallest, K the inputs and M the "
                  "members of the result",
    .group = GROUP_SORTED_SET,
    .arity = -3,
    .flags = COMMAND_MOVABLEKEYS | COMMAND_READONLY,
    .keys = {KEY_COUNTED(1, 0, 1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zinter,
};

const struct command zinterstore_command = {
    .name = "zinterstore",
    .usage = "destination:key numkeys:int key:key... [WEIGHTS weight:int...] [AGGREGATE <SUM | MIN "
             "| MAX>]",
    .summary = "Stores the intersection of sorted sets.",
    .since = "2.0.0",
    .complexity = "O(N*K)+O(M*log(M)) with N the members of the smallest, K the inputs and M the "
                  "members of the result",
    .group = GROUP_SORTED_SET,
    .arity = -4,
    .flags = COMMAND_DENYOOM | COMMAND_MOVABLEKEYS | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_OW | KEY_UPDATE), KEY_COUNTED(2, 0, 1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zinterstore,
};

const struct command zintercard_command = {
    .name = "zintercard",
    .usage = "numkeys:int key:key... [LIMIT limit:int]",
    .summary = "Returns the number of members of the intersection of sorted sets.",
    .since = "7.0.0",
    .complexity = "O(N*K) with N the members of the smallest and K the inputs",
    .group = GROUP_SORTED_SET,
    .arity = -3,
    .flags = COMMAND_MOVABLEKEYS | COMMAND_READONLY,
    .keys = {KEY_COUNTED(1, 0, 1, 1, KEY_RO | KEY_ACCESS)},
    .handler = zset_algebra_count_common,
};
