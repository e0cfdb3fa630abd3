/* SREM. Removing the last member deletes the key. */
#include "commands/index.h"

#include "commands/set/set_args.h"

static void do_srem(struct call *call)
{
    struct entry *e;
    long long removed = 0;
    if (!set_args_write(call, call->argv[1], &e))
        return;
    for (int i = 2; e && i < call->argc; i++)
        removed += set_args_remove(e, call->argv[i]);
    if (removed)
        set_args_shrunk(call, call->argv[1], e, "srem", (uint64_t)removed);
    reply_int(call->reply, removed);
}

const struct command srem_command = {
    .name = "srem",
    .usage = "key:key member:string...",
    .summary = "Removes members from a set.",
    .since = "1.0.0",
    .complexity = "O(N) with N the members",
    .group = GROUP_SET,
    .arity = -3,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_srem,
};
