/* LPUSH, RPUSH, and LPUSHX, RPUSHX, which push only to an existing list. Wakes clients blocked on
 * the key. */
#include "commands/index.h"

#include "commands/list/list_args.h"

static void push(struct call *call, bool front, bool only_existing)
{
    struct bytes key = call->argv[1];
    struct list *l;
    if (!list_args_write(call, key, &l))
        return;
    if (!l && only_existing) {
        reply_int(call->reply, 0);
        return;
    }
    if (!l)
        l = list_args_create(call, key);
    for (int i = 2; i < call->argc; i++)
        list_push(l, front, call->argv[i]);
    reply_int(call->reply, (long long)l->count);
    list_args_grown(call, key, front ? "lpush" : "rpush", (uint64_t)call->argc - 2);
}

static void do_lpush(struct call *call)
{
    push(call, true, false);
}

static void do_rpush(struct call *call)
{
    push(call, false, false);
}

static void do_lpushx(struct call *call)
{
    push(call, true, true);
}

static void do_rpushx(struct call *call)
{
    push(call, false, true);
}

const struct command lpush_command = {
    .name = "lpush",
    .usage = "key:key element:string...",
    .summary = "Prepends elements to a list, which is created if needed.",
    .since = "1.0.0",
    .complexity = "O(1) for each element",
    .group = GROUP_LIST,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_lpush,
};

const struct command rpush_command = {
    .name = "rpush",
    .usage = "key:key element:string...",
    .summary = "Appends elements to a list, which is created if needed.",
    .since = "1.0.0",
    .complexity = "O(1) for each element",
    .group = GROUP_LIST,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_rpush,
};

const struct command lpushx_command = {
    .name = "lpushx",
    .usage = "key:key element:string...",
    .summary = "Prepends elements to an existing list.",
    .since = "2.2.0",
    .complexity = "O(1) for each element",
    .group = GROUP_LIST,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_lpushx,
};

const struct command rpushx_command = {
    .name = "rpushx",
    .usage = "key:key element:string...",
    .summary = "Appends elements to an existing list.",
    .since = "2.2.0",
    .complexity = "O(1) for each element",
    .group = GROUP_LIST,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_rpushx,
};
