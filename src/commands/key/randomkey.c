/* RANDOMKEY: a random key. */
#include "commands/index.h"

static void do_randomkey(struct call *call)
{
    struct entry *e = db_random(call->db);
    if (e)
        reply_bulk(call->reply, entry_key(e));
    else
        reply_null(call->reply);
}

const struct command randomkey_command = {
    .name = "randomkey",
    .usage = "",
    .summary = "Returns a random key.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .tips = "request_policy:all_shards response_policy:special nondeterministic_output",
    .group = GROUP_GENERIC,
    .arity = 1,
    .flags = COMMAND_READONLY | COMMAND_WHOLE | COMMAND_KEYSPACE,
    .handler = do_randomkey,
};
