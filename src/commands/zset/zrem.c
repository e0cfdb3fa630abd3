/* ZREM. Removing the last member deletes the key. */
#include "commands/index.h"

#include "commands/zset_args.h"

static void do_zrem(struct call *call)
{
    struct entry *e;
    long long removed = 0;
    if (!zset_args_write(call, call->argv[1], &e))
        return;
    for (int i = 2; e && i < call->argc; i++) {
        struct zset *z = value_to_change(e);
        removed += zset_remove(&z, call->argv[i]);
        value_moved(e, z);
    }
    if (removed)
        zset_args_shrunk(call, call->argv[1], e, "zrem", (uint64_t)removed);
    reply_int(call->reply, removed);
}

const struct command zrem_command = {
    .name = "zrem",
    .usage = "key:key member:string...",
    .summary = "Removes members.",
    .since = "1.2.0",
    .complexity = "O(log(N)) for each member",
    .group = GROUP_SORTED_SET,
    .arity = -3,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_zrem,
};
