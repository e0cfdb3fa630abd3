/* TYPE. Does not count as use of the key. */
#include "commands/index.h"

#include "type/value.h"

static void do_type(struct call *call)
{
    struct entry *e = db_read_notouch(call->db, call->argv[1]);
    reply_simple(call->reply, e ? value_type_name(value_type(e)) : "none");
}

const struct command type_command = {
    .name = "type",
    .usage = "key:key",
    .summary = "Returns the type of a value.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_GENERIC,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_READONLY | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO)},
    .handler = do_type,
};
