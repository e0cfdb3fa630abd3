/* DBSIZE. Includes expired keys that were not deleted yet. */
#include "commands/index.h"

static void do_dbsize(struct call *call)
{
    reply_int(call->reply, (long long)call->db->keys.used);
}

const struct command dbsize_command = {
    .name = "dbsize",
    .usage = "",
    .summary = "Returns the number of keys in the database.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .tips = "request_policy:all_shards response_policy:agg_sum",
    .group = GROUP_SERVER,
    .arity = 1,
    .flags = COMMAND_FAST | COMMAND_READONLY | COMMAND_WHOLE | COMMAND_KEYSPACE,
    .handler = do_dbsize,
};
