/* SWAPDB. db_swap() tells clients that watch or block in either database. */
#include "commands/index.h"

#include "base/num.h"

static void do_swapdb(struct call *call)
{
    long long id[2];
    for (int i = 0; i < 2; i++)
        if (!num_parse_int(call->argv[i + 1], &id[i])) {
            reply_errorf(call->reply, "ERR invalid %s DB index", i ? "second" : "first");
            return;
        }
    for (int i = 0; i < 2; i++)
        if (id[i] < 0 || id[i] >= call->store->count) {
            call_error(call, ERR_DB_INDEX);
            return;
        }
    db_swap(call->store, (int)id[0], (int)id[1]);
    reply_ok(call->reply);
}

const struct command swapdb_command = {
    .name = "swapdb",
    .usage = "index1:int index2:int",
    .summary = "Swaps two databases.",
    .since = "4.0.0",
    .complexity = "O(N) with N the clients that watch or wait",
    .group = GROUP_SERVER,
    .arity = 3,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_WHOLE | COMMAND_DANGEROUS | COMMAND_KEYSPACE,
    .handler = do_swapdb,
};
