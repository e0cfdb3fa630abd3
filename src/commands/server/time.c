/* TIME. Within a transaction or script the clock stands still. */
#include "commands/index.h"

#include "base/clock.h"

static void do_time(struct call *call)
{
    int64_t us = call->engine->frozen_us ? call->engine->frozen_us : clock_wall_us();
    reply_array(call->reply, 2);
    reply_bulk_int(call->reply, us / 1000000);
    reply_bulk_int(call->reply, us % 1000000);
}

const struct command time_command = {
    .name = "time",
    .usage = "",
    .summary = "Returns the server time in seconds and microseconds.",
    .since = "2.6.0",
    .complexity = "O(1)",
    .tips = "nondeterministic_output",
    .group = GROUP_SERVER,
    .arity = 1,
    .flags = COMMAND_FAST | COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_time,
};
