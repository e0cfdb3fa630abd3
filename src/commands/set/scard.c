/* SCARD. */
#include "commands/index.h"

#include "commands/set/set_args.h"

static void do_scard(struct call *call)
{
    const struct set *s;
    if (set_args_read(call, call->argv[1], &s))
        reply_int(call->reply, s ? (long long)set_count(s) : 0);
}

const struct command scard_command = {
    .name = "scard",
    .usage = "key:key",
    .summary = "Returns the number of members of a set.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_SET,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO)},
    .handler = do_scard,
};
