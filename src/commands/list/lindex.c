/* LINDEX. Negative indexes count from the end. */
#include "commands/index.h"

#include "commands/list/list_args.h"

static void do_lindex(struct call *call)
{
    const struct list *l;
    struct list_cursor c;
    long long index;
    if (!list_args_read(call, call->argv[1], &l))
        return;
    if (!l) {
        reply_null(call->reply);
        return;
    }
    if (!call_int(call, 2, &index))
        return;
    if (list_args_seek(l, index, &c))
        reply_bulk(call->reply, list_get(&c));
    else
        reply_null(call->reply);
    list_end(&c);
}

const struct command lindex_command = {
    .name = "lindex",
    .usage = "key:key index:int",
    .summary = "Returns the element at an index.",
    .since = "1.0.0",
    .complexity = "O(N) with N the distance to the nearer end, in blocks",
    .group = GROUP_LIST,
    .arity = 3,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_lindex,
};
