/* KEYS: all names in one reply. The walk blocks all other clients; SCAN does not. */
#include "commands/index.h"

#include "base/glob.h"

static void do_keys(struct call *call)
{
    struct bytes pattern = call->argv[1];
    bool all = bytes_is(pattern, "*");
    struct chain aside = {0};
    struct table_walk w;
    size_t n = 0;
    reply_later_begin(call->reply, &aside);
    table_walk_start(&w, &call->db->keys);
    for (struct entry *e; (e = table_walk_next(&w));)
        if (!db_is_due(call->store, e) && (all || glob_match(pattern, entry_key(e)))) {
            reply_bulk(call->reply, entry_key(e));
            n++;
        }
    reply_later_end(call->reply, '*', n);
}

const struct command keys_command = {
    .name = "keys",
    .usage = "pattern:pattern",
    .summary = "Returns all keys that match a pattern.",
    .since = "1.0.0",
    .complexity = "O(N) with N the keys of the database",
    .tips = "request_policy:all_shards nondeterministic_output_order",
    .group = GROUP_GENERIC,
    .arity = 2,
    .flags = COMMAND_READONLY | COMMAND_WHOLE | COMMAND_DANGEROUS | COMMAND_KEYSPACE,
    .handler = do_keys,
};
