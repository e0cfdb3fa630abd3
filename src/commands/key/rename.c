/* RENAME and RENAMENX. The entry itself gets the new name, with its TTL and value: O(1). Clients
 * blocked on either name run again. */
#include "commands/index.h"

#include "commands/helpers.h"

/* RENAME and RENAMENX. */
static void rename_key(struct call *call, bool only_new)
{
    struct bytes from = call->argv[1], to = call->argv[2];
    struct entry *e = db_write(call->db, from);
    if (!e) {
        call_error(call, ERR_NO_KEY);
        return;
    }
    if (bytes_equal(from, to)) {
        if (only_new)
            reply_int(call->reply, 0);
        else
            reply_ok(call->reply);
        return;
    }
    struct entry *old = db_write(call->db, to);
    enum value_type was = old ? value_type(old) : TYPE_STRING, is = value_type(e);
    bool had = old;
    if (had && only_new) {
        reply_int(call->reply, 0);
        return;
    }
    if (!helpers_allows_key(call, e, to))
        return;
    if (had)
        db_delete(call->db, to);
    e = db_take(call->db, from, DB_MOVES);
    e = entry_rename(e, to);
    db_add(call->db, e);
    db_changed(call->db, from, DB_EVENT_GENERIC, "rename_from");
    db_changed(call->db, to, DB_EVENT_GENERIC, "rename_to");
    if (had)
        db_overwritten(call->db, to, was, is);
    db_ready(call->db, from);
    db_ready(call->db, to);
    if (only_new)
        reply_int(call->reply, 1);
    else
        reply_ok(call->reply);
}

static void do_rename(struct call *call)
{
    rename_key(call, false);
}

const struct command rename_command = {
    .name = "rename",
    .usage = "key:key newkey:key",
    .summary = "Renames a key, overwriting the destination.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_GENERIC,
    .arity = 3,
    .flags = COMMAND_WRITE | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE),
             KEY_RANGE(2, 0, 1, KEY_OW | KEY_UPDATE)},
    .handler = do_rename,
};

static void do_renamenx(struct call *call)
{
    rename_key(call, true);
}

const struct command renamenx_command = {
    .name = "renamenx",
    .usage = "key:key newkey:key",
    .summary = "Renames a key, unless the destination exists.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_GENERIC,
    .arity = 3,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE),
             KEY_RANGE(2, 0, 1, KEY_OW | KEY_INSERT)},
    .handler = do_renamenx,
};
