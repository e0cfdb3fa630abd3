/* ECHO. */
#include "commands/index.h"

static void do_echo(struct call *call)
{
    reply_bulk(call->reply, call->argv[1]);
}

const struct command echo_command = {
    .name = "echo",
    .usage = "message:string",
    .summary = "Returns its argument.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_echo,
};
