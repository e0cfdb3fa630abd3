/* SINTER, SINTERSTORE, SINTERCARD, by set/set_algebra. */
#include "commands/index.h"

#include "commands/set/set_algebra.h"

static void do_sinter(struct call *call)
{
    set_algebra_answer(call, SET_INTERSECTION);
}

static void do_sinterstore(struct call *call)
{
    set_algebra_store(call, SET_INTERSECTION, "sinterstore");
}

static void do_sintercard(struct call *call)
{
    set_algebra_count(call, SET_INTERSECTION);
}

const struct command sinter_command = {
    .name = "sinter",
    .usage = "key:key...",
    .summary = "Returns the intersection of sets.",
    .since = "1.0.0",
    .complexity = "O(N*M) with N the members of the smallest set and M the sets",
    .tips = "nondeterministic_output_order",
    .group = GROUP_SET,
    .arity = -2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, -1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_sinter,
};

const struct command sinterstore_command = {
    .name = "sinterstore",
    .usage = "destination:key key:key...",
    .summary = "Stores the intersection of sets.",
    .since = "1.0.0",
    .complexity = "O(N*M) with N the members of the smallest set and M the sets",
    .group = GROUP_SET,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE), KEY_RANGE(2, -1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_sinterstore,
};

const struct command sintercard_command = {
    .name = "sintercard",
    .usage = "numkeys:int key:key... [LIMIT limit:int]",
    .summary = "Returns the number of members of the intersection of sets.",
    .since = "7.0.0",
    .complexity = "O(N*M) with N the members of the smallest set and M the sets",
    .group = GROUP_SET,
    .arity = -3,
    .flags = COMMAND_MOVABLEKEYS | COMMAND_READONLY,
    .keys = {KEY_COUNTED(1, 0, 1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_sintercard,
};
