/* MONITOR: shows every request to this connection from now on (engine/observe). */
#include "commands/index.h"

#include "engine/observe.h"

static void do_monitor(struct call *call)
{
    if (call->client->flags & CLIENT_IN_EXEC) {
        reply_errorf(call->reply, "ERR MONITOR isn't allowed for DENY BLOCKING client");
        return;
    }
    observe_monitor(call->client);
    reply_ok(call->reply);
}

const struct command monitor_command = {
    .name = "monitor",
    .usage = "",
    .summary = "Streams all commands as they are processed.",
    .since = "1.0.0",
    .complexity = "",
    .group = GROUP_SERVER,
    .arity = 1,
    .flags = COMMAND_ADMIN | COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED,
    .of_connection = true,
    .handler = do_monitor,
};
