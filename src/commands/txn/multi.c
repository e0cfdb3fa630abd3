/* MULTI: queues the following requests. */
#include "commands/index.h"

#include "engine/txn.h"

static void do_multi(struct call *call)
{
    struct client *c = call->client;
    if (c->flags & CLIENT_MULTI) {
        reply_errorf(call->reply, "ERR MULTI calls can not be nested");
        return;
    }
    txn_of(c);
    c->flags |= CLIENT_MULTI;
    reply_ok(call->reply);
}

const struct command multi_command = {
    .name = "multi",
    .usage = "",
    .summary = "Starts a transaction: commands are queued until EXEC.",
    .since = "1.2.0",
    .complexity = "O(1)",
    .group = GROUP_TRANSACTIONS,
    .arity = 1,
    .flags = COMMAND_ALLOW_BUSY | COMMAND_FAST | COMMAND_LOADING | COMMAND_NOSCRIPT |
             COMMAND_STALE | COMMAND_UNTRACKED | COMMAND_QUICK_MULTI,
    .of_connection = true,
    .handler = do_multi,
};
