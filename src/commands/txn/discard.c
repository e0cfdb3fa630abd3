/* DISCARD: drops the queue and the watches. */
#include "commands/index.h"

#include "engine/txn.h"

static void do_discard(struct call *call)
{
    if (!(call->client->flags & CLIENT_MULTI)) {
        reply_errorf(call->reply, "ERR DISCARD without MULTI");
        return;
    }
    txn_end(call->client);
    reply_ok(call->reply);
}

const struct command discard_command = {
    .name = "discard",
    .usage = "",
    .summary = "Discards a transaction and unwatches all keys.",
    .since = "2.0.0",
    .complexity = "O(N) with N the queued commands",
    .group = GROUP_TRANSACTIONS,
    .arity = 1,
    .flags = COMMAND_LEAVES_MULTI | COMMAND_ALLOW_BUSY | COMMAND_FAST | COMMAND_LOADING |
             COMMAND_NOSCRIPT | COMMAND_STALE | COMMAND_UNTRACKED | COMMAND_QUICK_MULTI,
    .of_connection = true,
    .handler = do_discard,
};
