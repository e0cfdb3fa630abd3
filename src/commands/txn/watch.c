/* WATCH and UNWATCH (engine/txn). */
#include "commands/index.h"

#include "engine/txn.h"

static void do_watch(struct call *call)
{
    if (call->client->flags & CLIENT_MULTI) {
        reply_errorf(call->reply, "ERR WATCH inside MULTI is not allowed");
        return;
    }
    if (!(call->client->flags & CLIENT_TXN_STALE))
        for (int i = 1; i < call->argc; i++)
            txn_watch(call->client, call->db, call->argv[i]);
    reply_ok(call->reply);
}

const struct command watch_command = {
    .name = "watch",
    .usage = "key:key...",
    .summary = "Watches keys: the next EXEC is aborted if any of them has changed.",
    .since = "2.2.0",
    .complexity = "O(1) for each key",
    .group = GROUP_TRANSACTIONS,
    .arity = -2,
    .flags = COMMAND_ALLOW_BUSY | COMMAND_FAST | COMMAND_LOADING | COMMAND_NOSCRIPT |
             COMMAND_STALE | COMMAND_UNTRACKED | COMMAND_QUICK_MULTI,
    .keys = {KEY_RANGE(1, -1, 1, KEY_RO)},
    .of_connection = true,
    .handler = do_watch,
};

static void do_unwatch(struct call *call)
{
    txn_unwatch(call->client);
    reply_ok(call->reply);
}

const struct command unwatch_command = {
    .name = "unwatch",
    .usage = "",
    .summary = "Unwatches all keys.",
    .since = "2.2.0",
    .complexity = "O(1)",
    .group = GROUP_TRANSACTIONS,
    .arity = 1,
    .flags = COMMAND_ALLOW_BUSY | COMMAND_FAST | COMMAND_LOADING | COMMAND_NOSCRIPT |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .of_connection = true,
    .handler = do_unwatch,
};
