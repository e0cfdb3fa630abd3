/* HLEN. O(1), unless expired fields were not deleted yet: then it counts all fields. */
#include "commands/index.h"

#include "commands/hash/hash_args.h"

static void do_hlen(struct call *call)
{
    const struct hash *h;
    if (hash_args_read(call, call->argv[1], &h))
        reply_int(call->reply, h ? (long long)hash_args_live(call, h) : 0);
}

const struct command hlen_command = {
    .name = "hlen",
    .usage = "key:key",
    .summary = "Returns the number of fields of a hash.",
    .since = "2.0.0",
    .complexity = "O(1)",
    .group = GROUP_HASH,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO)},
    .handler = do_hlen,
};
