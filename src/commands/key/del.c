/* DEL and UNLINK do the same: large values are freed in the background in either case. */
#include "commands/index.h"

static void delete_keys(struct call *call)
{
    long long n = 0;
    for (int i = 1; i < call->argc; i++) {
        struct bytes key = call->argv[i];
        if (!db_write(call->db, key))
            continue;
        db_delete(call->db, key);
        db_changed(call->db, key, DB_EVENT_GENERIC, "del");
        db_ready(call->db, key);
        n++;
    }
    db_count_changes(call->store, (uint64_t)n);
    reply_int(call->reply, n);
}

static void do_del(struct call *call)
{
    delete_keys(call);
}

const struct command del_command = {
    .name = "del",
    .usage = "key:key...",
    .summary = "Deletes keys.",
    .since = "1.0.0",
    .complexity = "O(N) with N the number of keys and of what they hold",
    .tips = "request_policy:multi_shard response_policy:agg_sum",
    .group = GROUP_GENERIC,
    .arity = -2,
    .flags = COMMAND_WRITE | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, -1, 1, KEY_RM | KEY_DELETE)},
    .handler = do_del,
};

static void do_unlink(struct call *call)
{
    delete_keys(call);
}

const struct command unlink_command = {
    .name = "unlink",
    .usage = "key:key...",
    .summary = "Deletes keys, and frees large values in the background.",
    .since = "4.0.0",
    .complexity = "O(1) for each key",
    .tips = "request_policy:multi_shard response_policy:agg_sum",
    .group = GROUP_GENERIC,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, -1, 1, KEY_RM | KEY_DELETE)},
    .handler = do_unlink,
};
