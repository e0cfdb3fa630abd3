/* RESET: puts the connection into its initial state. The reply is sent even if CLIENT REPLY had
 * suppressed replies. */
#include "commands/index.h"

#include "engine/session.h"

static void do_reset(struct call *call)
{
    /* Under CLIENT REPLY OFF the reply would be dropped; RESET ends that, so it must be sent. */
    bool was_off = call->client->flags & CLIENT_REPLY_OFF;
    session_reset(call->client);
    if (was_off)
        call->reply->out = &call->client->out;
    reply_simple(call->reply, "RESET");
}

const struct command reset_command = {
    .name = "reset",
    .usage = "",
    .summary = "Resets the connection to its initial state.",
    .since = "6.2.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 1,
    .flags = COMMAND_LEAVES_MULTI | COMMAND_OK_SUBSCRIBED | COMMAND_ALLOW_BUSY | COMMAND_FAST |
             COMMAND_LOADING | COMMAND_NO_AUTH | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED | COMMAND_QUICK_MULTI,
    .of_connection = true,
    .handler = do_reset,
};
