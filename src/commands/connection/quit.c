/* QUIT. */
#include "commands/index.h"

static void do_quit(struct call *call)
{
    reply_ok(call->reply);
    client_close_after_reply(call->client);
}

const struct command quit_command = {
    .name = "quit",
    .usage = "",
    .summary = "Closes the connection.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = -1,
    .flags = COMMAND_LEAVES_MULTI | COMMAND_OK_SUBSCRIBED | COMMAND_ALLOW_BUSY | COMMAND_FAST |
             COMMAND_LOADING | COMMAND_NO_AUTH | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED | COMMAND_QUICK_MULTI,
    .of_connection = true,
    .handler = do_quit,
};
