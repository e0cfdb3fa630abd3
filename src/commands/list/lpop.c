/* LPOP and RPOP. Without a count the reply is one element, with a count an array. */
#include "commands/index.h"

#include "base/num.h"
#include "commands/list/list_args.h"
#include "commands/list/list_pop.h"

static void pop(struct call *call, bool front)
{
    struct bytes key = call->argv[1];
    struct list *l;
    long long count = -1;
    if (call->argc > 3) {
        helpers_wrong_arity(call, call->command);
        return;
    }
    if (call->argc == 3 && (!num_parse_int(call->argv[2], &count) || count < 0)) {
        call_error(call, ERR_MUST_BE_POSITIVE);
        return;
    }
    if (!list_args_write(call, key, &l))
        return;
    if (!l) {
        if (call->argc == 3)
            reply_null_array(call->reply);
        else
            reply_null(call->reply);
        return;
    }
    uint64_t n = count < 0 ? 1 : (uint64_t)count < l->count ? (uint64_t)count : l->count;
    if (count >= 0)
        reply_array(call->reply, n);
    list_pop_take(call, l, front, n);
    if (n)
        list_args_shrunk(call, key, l, list_pop_event(front), n);
}

static void do_lpop(struct call *call)
{
    pop(call, true);
}

static void do_rpop(struct call *call)
{
    pop(call, false);
}

const struct command lpop_command = {
    .name = "lpop",
    .usage = "key:key [count:int]",
    .summary = "Removes and returns the first elements of a list.",
    .since = "1.0.0",
    .complexity = "O(N) with N the elements taken",
    .group = GROUP_LIST,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_lpop,
};

const struct command rpop_command = {
    .name = "rpop",
    .usage = "key:key [count:int]",
    .summary = "Removes and returns the last elements of a list.",
    .since = "1.0.0",
    .complexity = "O(N) with N the elements taken",
    .group = GROUP_LIST,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_rpop,
};
