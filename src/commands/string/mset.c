/* MSET, and MSETNX, which sets none of the keys if one of them exists. */
#include "commands/index.h"

#include "command/keys.h"
#include "commands/string_args.h"

static bool pairs(struct call *call)
{
    if (call->argc % 2)
        return true;
    helpers_wrong_arity(call, call->command);
    return false;
}

static void put_all(struct call *call)
{
    for (int i = 1; i < call->argc; i += 2) {
        string_args_overwrite(call, call->argv[i], i + 1, -1, false);
        db_changed(call->db, call->argv[i], DB_EVENT_STRING, "set");
    }
    db_count_changes(call->store, (uint64_t)call->argc / 2);
}

static void do_mset(struct call *call)
{
    if (!pairs(call))
        return;
    put_all(call);
    reply_ok(call->reply);
}

const struct command mset_command = {
    .name = "mset",
    .usage = "(key:key value:string)...",
    .summary = "Sets several keys.",
    .since = "1.0.1",
    .complexity = "O(N) with N the number of keys",
    .tips = "request_policy:multi_shard response_policy:all_succeeded",
    .group = GROUP_STRING,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, -1, 2, KEY_OW | KEY_UPDATE)},
    .handler = do_mset,
};

static void do_msetnx(struct call *call)
{
    if (!pairs(call))
        return;
    for (int i = 1; i < call->argc; i += 2)
        if (db_write(call->db, call->argv[i])) {
            reply_int(call->reply, 0);
            return;
        }
    put_all(call);
    helpers_effect_from(call, BYTES("MSET"), 1);
    reply_int(call->reply, 1);
}

const struct command msetnx_command = {
    .name = "msetnx",
    .usage = "(key:key value:string)...",
    .summary = "Sets several keys, if none of them exists.",
    .since = "1.0.1",
    .complexity = "O(N) with N the number of keys",
    .group = GROUP_STRING,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, -1, 2, KEY_OW | KEY_INSERT)},
    .handler = do_msetnx,
};
