/* INFO, by server/info. */
#include "commands/index.h"

static void do_info(struct call *call)
{
    struct buf b = {0};
    struct engine_services *s = &call->engine->services;
    s->info(s->context, &b, call->argv + 1, call->argc - 1);
    reply_verbatim(call->reply, "txt", buf_bytes(&b));
    buf_free(&b);
}

const struct command info_command = {
    .name = "info",
    .usage = "[section:string...]",
    .summary = "Returns information and statistics about the server.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .tips = "nondeterministic_output request_policy:all_shards response_policy:special",
    .group = GROUP_SERVER,
    .arity = -1,
    .flags = COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED | COMMAND_DANGEROUS,
    .handler = do_info,
};
