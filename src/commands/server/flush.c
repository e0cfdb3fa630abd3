/* FLUSHDB and FLUSHALL. ASYNC and SYNC make no difference. */
#include "commands/index.h"

static bool flush_options(struct call *call)
{
    if (call->argc == 1 ||
        (call->argc == 2 && (bytes_is(call->argv[1], "async") || bytes_is(call->argv[1], "sync"))))
        return true;
    call_error(call, ERR_SYNTAX);
    return false;
}

static void do_flushdb(struct call *call)
{
    if (!flush_options(call))
        return;
    db_flush(call->db);
    CALL_EFFECT(call, BYTES("FLUSHDB"));
    reply_ok(call->reply);
}

const struct command flushdb_command = {
    .name = "flushdb",
    .usage = "[<ASYNC | SYNC>]",
    .summary = "Deletes all keys of the database.",
    .since = "1.0.0",
    .complexity = "O(N) with N the keys of the database",
    .tips = "request_policy:all_shards response_policy:all_succeeded",
    .group = GROUP_SERVER,
    .arity = -1,
    .flags = COMMAND_WRITE | COMMAND_WHOLE | COMMAND_DANGEROUS | COMMAND_KEYSPACE,
    .handler = do_flushdb,
};

static void do_flushall(struct call *call)
{
    if (!flush_options(call))
        return;
    for (int i = 0; i < call->store->count; i++)
        db_flush(&call->store->dbs[i]);
    CALL_EFFECT(call, BYTES("FLUSHALL"));
    call->engine->services.all_flushed(call->engine->services.context);
    reply_ok(call->reply);
}

const struct command flushall_command = {
    .name = "flushall",
    .usage = "[<ASYNC | SYNC>]",
    .summary = "Deletes all keys of all databases.",
    .since = "1.0.0",
    .complexity = "O(N) with N all keys",
    .tips = "request_policy:all_shards response_policy:all_succeeded",
    .group = GROUP_SERVER,
    .arity = -1,
    .flags = COMMAND_WRITE | COMMAND_WHOLE | COMMAND_DANGEROUS | COMMAND_KEYSPACE,
    .handler = do_flushall,
};
