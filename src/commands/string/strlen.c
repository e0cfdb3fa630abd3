/* STRLEN. */
#include "commands/index.h"

#include "type/string.h"

static void do_strlen(struct call *call)
{
    struct entry *e;
    if (call_read(call, call->argv[1], TYPE_STRING, &e))
        reply_int(call->reply, e ? (long long)string_length(e) : 0);
}

const struct command strlen_command = {
    .name = "strlen",
    .usage = "key:key",
    .summary = "Returns the length of a string.",
    .since = "2.2.0",
    .complexity = "O(1)",
    .group = GROUP_STRING,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO)},
    .handler = do_strlen,
};
