/* HSTRLEN: the length of a field's value, 0 if there is no such field. */
#include "commands/index.h"

#include "commands/hash/hash_args.h"

static void do_hstrlen(struct call *call)
{
    const struct hash *h;
    struct hash_field f;
    if (!hash_args_read(call, call->argv[1], &h))
        return;
    bool found = h && hash_args_find(call, h, call->argv[2], &f);
    reply_int(call->reply, found ? (long long)f.value.n : 0);
}

const struct command hstrlen_command = {
    .name = "hstrlen",
    .usage = "key:key field:string",
    .summary = "Returns the length of a field's value.",
    .since = "3.2.0",
    .complexity = "O(1)",
    .group = GROUP_HASH,
    .arity = 3,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO)},
    .handler = do_hstrlen,
};
