/* HEXISTS. */
#include "commands/index.h"

#include "commands/hash/hash_args.h"

static void do_hexists(struct call *call)
{
    const struct hash *h;
    struct hash_field f;
    if (hash_args_read(call, call->argv[1], &h))
        reply_int(call->reply, h && hash_args_find(call, h, call->argv[2], &f));
}

const struct command hexists_command = {
    .name = "hexists",
    .usage = "key:key field:string",
    .summary = "Returns whether a field exists.",
    .since = "2.0.0",
    .complexity = "O(1)",
    .group = GROUP_HASH,
    .arity = 3,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO)},
    .handler = do_hexists,
};
