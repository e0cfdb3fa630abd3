/* LTRIM: removes elements outside of a range, and the key when none is left. */
#include "commands/index.h"

#include "commands/list/list_args.h"

static void do_ltrim(struct call *call)
{
    struct bytes key = call->argv[1];
    struct list *l;
    long long from, to;
    if (!call_int(call, 2, &from) || !call_int(call, 3, &to) || !list_args_write(call, key, &l))
        return;
    if (!l) {
        reply_ok(call->reply);
        return;
    }
    long long n = (long long)l->count;
    if (list_args_clamp(&from, &to, n)) {
        list_trim(l, true, (uint64_t)from);
        list_trim(l, false, (uint64_t)(n - 1 - to));
    } else {
        list_trim(l, true, (uint64_t)n);
    }
    if (l->count == (uint64_t)n)
        db_announce(call->db, key, DB_EVENT_LIST, "ltrim"); /* as Redis, which changes nothing */
    else
        list_args_shrunk(call, key, l, "ltrim", (uint64_t)n - l->count);
    reply_ok(call->reply);
}

const struct command ltrim_command = {
    .name = "ltrim",
    .usage = "key:key start:int stop:int",
    .summary = "Removes all elements outside a range of indexes.",
    .since = "1.0.0",
    .complexity = "O(N) with N the elements that go",
    .group = GROUP_LIST,
    .arity = 4,
    .flags = COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_ltrim,
};
