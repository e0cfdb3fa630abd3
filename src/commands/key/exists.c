/* EXISTS. A key named twice counts twice. Does not count as use of the key. */
#include "commands/index.h"

static void do_exists(struct call *call)
{
    long long n = 0;
    for (int i = 1; i < call->argc; i++)
        n += db_read_notouch(call->db, call->argv[i]) != NULL;
    reply_int(call->reply, n);
}

const struct command exists_command = {
    .name = "exists",
    .usage = "key:key...",
    .summary = "Returns how many of the keys exist.",
    .since = "1.0.0",
    .complexity = "O(N) with N the number of keys",
    .tips = "request_policy:multi_shard response_policy:agg_sum",
    .group = GROUP_GENERIC,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_READONLY | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, -1, 1, KEY_RO)},
    .handler = do_exists,
};
