/* LRANGE. Both ends are clipped to the list. */
#include "commands/index.h"

#include "commands/list/list_args.h"

static void do_lrange(struct call *call)
{
    const struct list *l;
    struct list_cursor c;
    long long from, to;
    if (!call_int(call, 2, &from) || !call_int(call, 3, &to) ||
        !list_args_read(call, call->argv[1], &l))
        return;
    if (!l || !list_args_clamp(&from, &to, (long long)l->count)) {
        reply_array(call->reply, 0);
        return;
    }
    reply_array(call->reply, (size_t)(to - from + 1));
    list_seek(l, (uint64_t)from, &c);
    for (long long i = from; i <= to; i++) {
        reply_bulk(call->reply, list_get(&c));
        list_next(&c);
    }
    list_end(&c);
}

const struct command lrange_command = {
    .name = "lrange",
    .usage = "key:key start:int stop:int",
    .summary = "Returns the elements of a range of indexes.",
    .since = "1.0.0",
    .complexity = "O(S+N) with S the distance to the start and N the elements answered",
    .group = GROUP_LIST,
    .arity = 4,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_lrange,
};
