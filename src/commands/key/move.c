/* MOVE: moves a key with its TTL to another database, unless it exists there. */
#include "commands/index.h"

#include "commands/db_arg.h"

static void do_move(struct call *call)
{
    struct db *target;
    struct bytes key = call->argv[1];
    if (!db_arg_parse(call, 2, &target))
        return;
    if (target == call->db) {
        call_error(call, ERR_SAME_OBJECT);
        return;
    }
    if (!db_write(call->db, key) || db_write(target, key)) {
        reply_int(call->reply, 0);
        return;
    }
    struct entry *e = db_take(call->db, key, DB_MOVES);
    db_add(target, e);
    db_changed(call->db, key, DB_EVENT_GENERIC, "move_from");
    db_changed(target, key, DB_EVENT_GENERIC, "move_to");
    db_ready(call->db, key);
    db_ready(target, key);
    reply_int(call->reply, 1);
}

const struct command move_command = {
    .name = "move",
    .usage = "key:key db:int",
    .summary = "Moves a key to another database, unless it exists there.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_GENERIC,
    .arity = 3,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    .handler = do_move,
};
