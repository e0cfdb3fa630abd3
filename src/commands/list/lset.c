/* LSET: replaces the element at an index. */
#include "commands/index.h"

#include "commands/list/list_args.h"

static void do_lset(struct call *call)
{
    struct bytes key = call->argv[1];
    struct list *l;
    struct list_cursor c;
    long long index;
    if (!list_args_write(call, key, &l))
        return;
    if (!l) {
        call_error(call, ERR_NO_KEY);
        return;
    }
    if (!call_int(call, 2, &index))
        return;
    bool found = list_args_seek(l, index, &c);
    if (found)
        list_replace(l, &c, call->argv[3]);
    list_end(&c);
    if (!found) {
        call_error(call, ERR_INDEX_RANGE);
        return;
    }
    db_changed(call->db, key, DB_EVENT_LIST, "lset");
    reply_ok(call->reply);
}

const struct command lset_command = {
    .name = "lset",
    .usage = "key:key index:int element:string",
    .summary = "Sets the element at an index.",
    .since = "1.0.0",
    .complexity = "O(N) with N the distance to the nearer end, in blocks",
    .group = GROUP_LIST,
    .arity = 4,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_lset,
};
