/* PERSIST: removes the TTL of a key. */
#include "commands/index.h"

/* Signals a change only if there was a TTL, to spare WATCH and tracking. */
static void do_persist(struct call *call)
{
    struct bytes key = call->argv[1];
    struct entry *e = db_write(call->db, key);
    if (!e || !e->has_ttl) {
        reply_int(call->reply, 0);
        return;
    }
    db_set_deadline(call->db, e, -1);
    db_changed(call->db, key, DB_EVENT_GENERIC, "persist");
    reply_int(call->reply, 1);
}

const struct command persist_command = {
    .name = "persist",
    .usage = "key:key",
    .summary = "Removes the expiration of a key.",
    .since = "2.2.0",
    .complexity = "O(1)",
    .group = GROUP_GENERIC,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_persist,
};
