/* SMOVE: moves a member from one set to another, if it is in the first. */
#include "commands/index.h"

#include "commands/set/set_args.h"

/* Checks both types before moving anything. */
static void do_smove(struct call *call)
{
    struct bytes from = call->argv[1], to = call->argv[2], member = call->argv[3];
    struct entry *a = db_write(call->db, from), *b = db_write(call->db, to);
    if (!a) {
        reply_int(call->reply, 0);
        return;
    }
    if (value_type(a) != TYPE_SET || (b && value_type(b) != TYPE_SET)) {
        call_error(call, ERR_WRONGTYPE);
        return;
    }
    if (a == b) {
        reply_int(call->reply, set_has(value_object(a), member));
        return;
    }
    if (!set_args_remove(a, member)) {
        reply_int(call->reply, 0);
        return;
    }
    set_args_shrunk(call, from, a, "srem", 1);
    if (!b) {
        b = entry_new_word(to, VALUE_SET, (uintptr_t)set_new());
        db_add(call->db, b);
    }
    if (set_args_add(call, b, member)) {
        db_count_changes(call->store, 1);
        db_changed(call->db, to, DB_EVENT_SET, "sadd");
    }
    reply_int(call->reply, 1);
}

const struct command smove_command = {
    .name = "smove",
    .usage = "source:key destination:key member:string",
    .summary = "Moves a member from one set to another.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_SET,
    .arity = 4,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE),
             KEY_RANGE(2, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_smove,
};
