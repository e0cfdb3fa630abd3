/* HGET and HMGET. An expired field counts as absent, even if not deleted yet. */
#include "commands/index.h"

#include "commands/hash/hash_args.h"

static void reply_field(const struct call *call, const struct hash *h, struct bytes name)
{
    struct hash_field f;
    if (h && hash_args_find(call, h, name, &f))
        reply_bulk(call->reply, f.value);
    else
        reply_null(call->reply);
}

static void do_hget(struct call *call)
{
    const struct hash *h;
    if (hash_args_read(call, call->argv[1], &h))
        reply_field(call, h, call->argv[2]);
}

const struct command hget_command = {
    .name = "hget",
    .usage = "key:key field:string",
    .summary = "Returns the value of a field.",
    .since = "2.0.0",
    .complexity = "O(1)",
    .group = GROUP_HASH,
    .arity = 3,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_hget,
};

static void do_hmget(struct call *call)
{
    const struct hash *h;
    if (!hash_args_read(call, call->argv[1], &h))
        return;
    reply_array(call->reply, (size_t)call->argc - 2);
    for (int i = 2; i < call->argc; i++)
        reply_field(call, h, call->argv[i]);
}

const struct command hmget_command = {
    .name = "hmget",
    .usage = "key:key field:string...",
    .summary = "Returns the values of several fields, null for those that do not exist.",
    .since = "2.0.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -3,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_hmget,
};
