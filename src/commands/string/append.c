/* APPEND. The string gets slack, so that many appends do not take quadratic time. */
#include "commands/index.h"

#include "commands/string_args.h"
#include "type/string.h"

static void do_append(struct call *call)
{
    struct bytes key = call->argv[1], more = call->argv[2];
    struct entry *e;
    size_t n = more.n;
    if (!call_write(call, key, TYPE_STRING, &e))
        return;
    if (!e) {
        db_add(call->db, string_new(key, more));
    } else {
        bool had = e->has_ttl;
        size_t old = string_length(e);
        if (!string_args_fits(call, old, more.n))
            return;
        n += old;
        db_put_back(call->db, e, string_splice(e, old, more), had);
    }
    db_changed(call->db, key, DB_EVENT_STRING, "append");
    reply_int(call->reply, (long long)n);
}

const struct command append_command = {
    .name = "append",
    .usage = "key:key value:string",
    .summary = "Appends a value to a string, which is created if needed.",
    .since = "2.0.0",
    .complexity = "O(1), amortized over growth",
    .group = GROUP_STRING,
    .arity = 3,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_append,
};
