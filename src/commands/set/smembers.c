/* SMEMBERS. */
#include "commands/index.h"

#include "commands/set/set_args.h"

static void do_smembers(struct call *call)
{
    const struct set *s;
    if (!set_args_read(call, call->argv[1], &s))
        return;
    reply_set(call->reply, s ? set_count(s) : 0);
    if (s)
        set_args_reply(call, s);
}

const struct command smembers_command = {
    .name = "smembers",
    .usage = "key:key",
    .summary = "Returns all members of a set.",
    .since = "1.0.0",
    .complexity = "O(N) with N the members",
    .tips = "nondeterministic_output_order",
    .group = GROUP_SET,
    .arity = 2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_smembers,
};
