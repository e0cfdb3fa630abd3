/* SUNION, SUNIONSTORE, SUNIONCARD, by set/set_algebra. */
#include "commands/index.h"

#include "commands/set/set_algebra.h"

static void do_sunion(struct call *call)
{
    set_algebra_answer(call, SET_UNION);
}

static void do_sunionstore(struct call *call)
{
    set_algebra_store(call, SET_UNION, "sunionstore");
}

static void do_sunioncard(struct call *call)
{
    set_algebra_count(call, SET_UNION);
}

const struct command sunion_command = {
    .name = "sunion",
    .usage = "key:key...",
    .summary = "Returns the union of sets.",
    .since = "1.0.0",
    .complexity = "O(N) with N the members of all sets",
    .tips = "nondeterministic_output_order",
    .group = GROUP_SET,
    .arity = -2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, -1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_sunion,
};

const struct command sunionstore_command = {
    .name = "sunionstore",
    .usage = "destination:key key:key...",
    .summary = "Stores the union of sets.",
    .since = "1.0.0",
    .complexity = "O(N) with N the members of all sets",
    .group = GROUP_SET,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_OW | KEY_UPDATE), KEY_RANGE(2, -1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_sunionstore,
};

const struct command sunioncard_command = {
    .name = "sunioncard",
    .usage = "numkeys:int key:key... [APPROX] [LIMIT limit:int]",
    .summary = "Returns the number of members of the union of sets.",
    .since = "8.10.0",
    .complexity = "O(N) with N the members of all sets",
    .group = GROUP_SET,
    .arity = -3,
    .flags = COMMAND_MOVABLEKEYS | COMMAND_READONLY,
    .keys = {KEY_COUNTED(1, 0, 1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_sunioncard,
};
