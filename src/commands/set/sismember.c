/* SISMEMBER and SMISMEMBER. */
#include "commands/index.h"

#include "commands/set/set_args.h"

static void do_sismember(struct call *call)
{
    const struct set *s;
    if (set_args_read(call, call->argv[1], &s))
        reply_int(call->reply, s && set_has(s, call->argv[2]));
}

static void do_smismember(struct call *call)
{
    const struct set *s;
    if (!set_args_read(call, call->argv[1], &s))
        return;
    reply_array(call->reply, (size_t)call->argc - 2);
    for (int i = 2; i < call->argc; i++)
        reply_int(call->reply, s && set_has(s, call->argv[i]));
}

const struct command sismember_command = {
    .name = "sismember",
    .usage = "key:key member:string",
    .summary = "Returns whether a value is a member of a set.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_SET,
    .arity = 3,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO)},
    .handler = do_sismember,
};

const struct command smismember_command = {
    .name = "smismember",
    .usage = "key:key member:string...",
    .summary = "Returns for several values whether they are members of a set.",
    .since = "6.2.0",
    .complexity = "O(N) with N the things asked for",
    .group = GROUP_SET,
    .arity = -3,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_smismember,
};
