/* TOUCH: EXISTS that counts as use of the keys. */
#include "commands/index.h"

static void do_touch(struct call *call)
{
    long long n = 0;
    for (int i = 1; i < call->argc; i++)
        n += db_read(call->db, call->argv[i]) != NULL;
    reply_int(call->reply, n);
}

const struct command touch_command = {
    .name = "touch",
    .usage = "key:key...",
    .summary = "Updates the last access time of keys and returns how many exist.",
    .since = "3.2.1",
    .complexity = "O(N) with N the number of keys",
    .tips = "request_policy:multi_shard response_policy:agg_sum",
    .group = GROUP_GENERIC,
    .arity = -2,
    .flags = COMMAND_COUNTS_AS_USE | COMMAND_FAST | COMMAND_READONLY | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, -1, 1, KEY_RO)},
    .handler = do_touch,
};
