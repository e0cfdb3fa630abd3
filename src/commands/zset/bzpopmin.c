/* BZPOPMIN and BZPOPMAX pop from the first key that holds a sorted set. If there is none, the
 * client blocks on all keys, and the command runs again when one is ready. The journal gets ZPOPMIN
 * or ZPOPMAX. */
#include "commands/index.h"

#include "commands/timeout_arg.h"
#include "commands/zset/zset_pop.h"
#include "engine/block.h"

static void block_pop(struct call *call, bool highest)
{
    int64_t deadline_ms;
    struct bytes key;
    struct entry *e;
    int n = call->argc - 2;
    if (!timeout_arg_parse(call, call->argc - 1, &deadline_ms))
        return;
    int found = zset_pop_first(call, call->argv + 1, n, &key, &e);
    if (found < 0)
        return;
    if (!found) {
        if (block_allowed(call))
            zset_pop_wait(call, call->argv + 1, n, deadline_ms);
        else
            reply_null_array(call->reply);
        return;
    }
    reply_array(call->reply, 3);
    reply_bulk(call->reply, key);
    CALL_EFFECT(call, zset_pop_word(highest), key);
    zset_pop_take(call, key, e, highest, 1, false);
}

static void do_bzpopmin(struct call *call)
{
    block_pop(call, false);
}

static void do_bzpopmax(struct call *call)
{
    block_pop(call, true);
}

const struct command bzpopmin_command = {
    .name = "bzpopmin",
    .usage = "key:key... timeout:double",
    .summary = "Removes and returns the member with the lowest score of the first non-empty sorted "
               "set, or blocks until there is one.",
    .since = "5.0.0",
    .complexity = "O(log(N))",
    .group = GROUP_SORTED_SET,
    .arity = -3,
    .flags = COMMAND_BLOCKING | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, -2, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_bzpopmin,
};

const struct command bzpopmax_command = {
    .name = "bzpopmax",
    .usage = "key:key... timeout:double",
    .summary = "Removes and returns the member with the highest score of the first non-empty "
               "sorted set, or blocks until there is one.",
    .since = "5.0.0",
    .complexity = "O(log(N))",
    .group = GROUP_SORTED_SET,
    .arity = -3,
    .flags = COMMAND_BLOCKING | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, -2, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_bzpopmax,
};
