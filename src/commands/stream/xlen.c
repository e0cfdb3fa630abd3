/* XLEN. */
#include "commands/index.h"

#include "commands/stream/stream_args.h"

static void do_xlen(struct call *call)
{
    const struct stream *s;
    if (stream_args_read(call, call->argv[1], &s))
        reply_int(call->reply, s ? (long long)s->log.length : 0);
}

const struct command xlen_command = {
    .name = "xlen",
    .usage = "key:key",
    .summary = "Returns the number of entries of a stream.",
    .since = "5.0.0",
    .complexity = "O(1)",
    .group = GROUP_STREAM,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO)},
    .handler = do_xlen,
};
