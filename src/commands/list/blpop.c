/* BLPOP and BRPOP pop from the first key that holds a list. If there is none, the client blocks on
 * all keys (engine/block), and the command runs again when one is ready. The journal gets LPOP or
 * RPOP. */
#include "commands/index.h"

#include "commands/list/list_args.h"
#include "commands/list/list_pop.h"
#include "commands/timeout_arg.h"

static void block_pop(struct call *call, bool front)
{
    struct bytes key;
    struct list *l;
    int64_t deadline_ms;
    int n = call->argc - 2;
    if (!timeout_arg_parse(call, call->argc - 1, &deadline_ms))
        return;
    /* A wrong type before the first list is an error; after it, it is not noticed. */
    int found = list_pop_first(call, call->argv + 1, n, &key, &l);
    if (found < 0)
        return;
    if (!found) {
        if (block_allowed(call))
            list_pop_wait(call, call->argv + 1, n, deadline_ms);
        else
            reply_null_array(call->reply);
        return;
    }
    reply_array(call->reply, 2);
    reply_bulk(call->reply, key);
    list_pop_take(call, l, front, 1);
    CALL_EFFECT(call, list_pop_word(front), key);
    list_args_shrunk(call, key, l, list_pop_event(front), 1);
}

static void do_blpop(struct call *call)
{
    block_pop(call, true);
}

static void do_brpop(struct call *call)
{
    block_pop(call, false);
}

const struct command blpop_command = {
    .name = "blpop",
    .usage = "key:key... timeout:double",
    .summary = "Removes and returns the first element of the first non-empty list, or blocks until "
               "there is one.",
    .since = "2.0.0",
    .complexity = "O(N) with N the keys",
    .group = GROUP_LIST,
    .arity = -3,
    .flags = COMMAND_BLOCKING | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, -2, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_blpop,
};

const struct command brpop_command = {
    .name = "brpop",
    .usage = "key:key... timeout:double",
    .summary = "Removes and returns the last element of the first non-empty list, or blocks until "
               "there is one.",
    .since = "2.0.0",
    .complexity = "O(N) with N the keys",
    .group = GROUP_LIST,
    .arity = -3,
    .flags = COMMAND_BLOCKING | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, -2, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_brpop,
};
