/* LLEN. */
#include "commands/index.h"

#include "commands/list/list_args.h"

static void do_llen(struct call *call)
{
    const struct list *l;
    if (list_args_read(call, call->argv[1], &l))
        reply_int(call->reply, l ? (long long)l->count : 0);
}

const struct command llen_command = {
    .name = "llen",
    .usage = "key:key",
    .summary = "Returns the length of a list.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_LIST,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO)},
    .handler = do_llen,
};
