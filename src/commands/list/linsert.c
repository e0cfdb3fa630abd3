/* LINSERT: before or after the first element that equals a pivot. */
#include "commands/index.h"

#include "commands/list/list_args.h"

static void do_linsert(struct call *call)
{
    struct bytes key = call->argv[1];
    struct list *l;
    struct list_cursor c;
    bool before = bytes_is(call->argv[2], "before");
    if (!before && !bytes_is(call->argv[2], "after")) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if (!list_args_write(call, key, &l))
        return;
    if (!l) {
        reply_int(call->reply, 0);
        return;
    }
    bool found = list_seek(l, 0, &c);
    while (found && !bytes_equal(list_get(&c), call->argv[3]))
        found = list_next(&c);
    if (found)
        list_insert(l, &c, before, call->argv[4]);
    list_end(&c);
    if (!found) {
        reply_int(call->reply, -1);
        return;
    }
    db_changed(call->db, key, DB_EVENT_LIST, "linsert");
    reply_int(call->reply, (long long)l->count);
}

const struct command linsert_command = {
    .name = "linsert",
    .usage = "key:key <BEFORE | AFTER> pivot:string element:string",
    .summary = "Inserts an element before or after another one.",
    .since = "2.2.0",
    .complexity = "O(N) with N the elements looked at",
    .group = GROUP_LIST,
    .arity = 5,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_linsert,
};
