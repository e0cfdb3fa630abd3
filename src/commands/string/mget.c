/* MGET. A key with another type counts as absent. */
#include "commands/index.h"

#include "command/keys.h"
#include "commands/string_args.h"

static void do_mget(struct call *call)
{
    reply_array(call->reply, (size_t)call->argc - 1);
    for (int i = 1; i < call->argc; i++) {
        struct entry *e = db_read(call->db, call->argv[i]);
        string_args_reply(call, e && value_type(e) == TYPE_STRING ? e : NULL);
    }
}

const struct command mget_command = {
    .name = "mget",
    .usage = "key:key...",
    .summary = "Returns the string values of several keys, null for those without one.",
    .since = "1.0.0",
    .complexity = "O(N) with N the number of keys",
    .tips = "request_policy:multi_shard",
    .group = GROUP_STRING,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, -1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_mget,
};
