/* XREADGROUP: reads for a consumer of a group. */
#include "commands/index.h"

#include "commands/stream/xread.h"
#include "commands/stream/xread_args.h"

static void do_xreadgroup(struct call *call)
{
    xread_run(call, true);
}

const struct command xreadgroup_command = {
    .name = "xreadgroup",
    .usage = "GROUP group:string consumer:string [COUNT count:int] [MAXCOUNT maxcount:int] "
             "[MAXSIZE bytes:int] [BLOCK milliseconds:int] [CLAIM min-idle-time:int] [NOACK] "
             "<STREAMS key:key... id:string... | MATCH pattern:pattern>",
    .summary = "Reads entries as a consumer of a group: new ones, its own pending ones, or others' "
               "idle pending ones.",
    .since = "5.0.0",
    .complexity =
        "O(N) with N the entries read; with CLAIM also those that may not be claimed, once each",
    .group = GROUP_STREAM,
    .arity = -7,
    .flags = COMMAND_BLOCKING | COMMAND_MOVABLEKEYS | COMMAND_WRITE,
    .keys = {KEY_BEHIND("STREAMS", 4, -1, 1, 2, KEY_RO | KEY_ACCESS)},
    .find_keys = xread_args_find_keys,
    .handler = do_xreadgroup,
};
