/* SELECT. */
#include "commands/index.h"

#include "commands/db_arg.h"

static void do_select(struct call *call)
{
    if (db_arg_parse(call, 1, &call->client->db))
        reply_ok(call->reply);
}

const struct command select_command = {
    .name = "select",
    .usage = "index:int",
    .summary = "Selects the database.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED,
    .of_connection = true,
    .handler = do_select,
};
