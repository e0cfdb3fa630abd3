/* ZDIFF and ZDIFFSTORE, by zset/zset_algebra. */
#include "commands/index.h"

#include "commands/zset/zset_algebra.h"

static void do_zdiff(struct call *call)
{
    zset_algebra_answer(call, ZSET_DIFFERENCE);
}

static void do_zdiffstore(struct call *call)
{
    zset_algebra_store(call, ZSET_DIFFERENCE, "zdiffstore");
}

const struct command zdiff_command = {
    .name = "zdiff",
    .usage = "numkeys:int key:key... [WITHSCORES]",
    .summary = "Returns the difference of sorted sets.",
    .since = "6.2.0",
    .complexity = "O(N*K)+O(M*log(M)) with N the members of the first, K the inputs and M the "
                  "members of the result",
    .group = GROUP_SORTED_SET,
    .arity = -3,
    .flags = COMMAND_MOVABLEKEYS | COMMAND_READONLY,
    .keys = {KEY_COUNTED(1, 0, 1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zdiff,
};

const struct command zdiffstore_command = {
    .name = "zdiffstore",
    .usage = "destination:key numkeys:int key:key...",
    .summary = "Stores the difference of sorted sets.",
    .since = "6.2.0",
    .complexity = "O(N*K)+O(M*log(M)) with N the members of the first, K the inputs and M the "
                  "members of the result",
    .group = GROUP_SORTED_SET,
    .arity = -4,
    .flags = COMMAND_DENYOOM | COMMAND_MOVABLEKEYS | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_OW | KEY_UPDATE), KEY_COUNTED(2, 0, 1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zdiffstore,
};
