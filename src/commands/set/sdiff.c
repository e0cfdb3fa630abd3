/* SDIFF, SDIFFSTORE, SDIFFCARD, by set/set_algebra. */
#include "commands/index.h"

#include "commands/set/set_algebra.h"

static void do_sdiff(struct call *call)
{
    set_algebra_answer(call, SET_DIFFERENCE);
}

static void do_sdiffstore(struct call *call)
{
    set_algebra_store(call, SET_DIFFERENCE, "sdiffstore");
}

static void do_sdiffcard(struct call *call)
{
    set_algebra_count(call, SET_DIFFERENCE);
}

const struct command sdiff_command = {
    .name = "sdiff",
    .usage = "key:key...",
    .summary = "Returns the difference of sets.",
    .since = "1.0.0",
    .complexity = "O(N*M) with N the members of the first set and M the sets",
    .tips = "nondeterministic_output_order",
    .group = GROUP_SET,
    .arity = -2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, -1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_sdiff,
};

const struct command sdiffstore_command = {
    .name = "sdiffstore",
    .usage = "destination:key key:key...",
    .summary = "Stores the difference of sets.",
    .since = "1.0.0",
    .complexity = "O(N*M) with N the members of the first set and M the sets",
    .group = GROUP_SET,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_OW | KEY_UPDATE), KEY_RANGE(2, -1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_sdiffstore,
};

const struct command sdiffcard_command = {
    .name = "sdiffcard",
    .usage = "numkeys:int key:key... [LIMIT limit:int]",
    .summary = "Returns the number of members of the difference of sets.",
    .since = "8.10.0",
    .complexity = "O(N*M) with N the members of the first set and M the sets",
    .group = GROUP_SET,
    .arity = -3,
    .flags = COMMAND_MOVABLEKEYS | COMMAND_READONLY,
    .keys = {KEY_COUNTED(1, 0, 1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_sdiffcard,
};
