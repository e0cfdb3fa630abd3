/* ROLE. */
#include "commands/index.h"

static void do_role(struct call *call)
{
    reply_array(call->reply, 3);
    reply_bulk_text(call->reply, "master");
    reply_int(call->reply, (long long)call->engine->journal->offset);
    reply_array(call->reply, 0);
}

const struct command role_command = {
    .name = "role",
    .usage = "",
    .summary = "Answers the place of this server in replication.",
    .since = "2.8.12",
    .complexity = "O(1)",
    .categories = "@admin",
    .group = GROUP_SERVER,
    .arity = 1,
    .flags = COMMAND_FAST | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE | COMMAND_UNTRACKED |
             COMMAND_DANGEROUS,
    .handler = do_role,
};
