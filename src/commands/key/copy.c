/* COPY. The copy keeps the source's TTL. An existing destination is replaced only with REPLACE. */
#include "commands/index.h"

#include "commands/db_arg.h"
#include "type/value.h"

static void do_copy(struct call *call)
{
    struct db *target = call->db;
    bool replace = false;
    for (int i = 3; i < call->argc; i++) {
        if (bytes_is(call->argv[i], "replace")) {
            replace = true;
        } else if (bytes_is(call->argv[i], "db") && i + 1 < call->argc) {
            if (!db_arg_parse(call, ++i, &target))
                return;
        } else {
            call_error(call, ERR_SYNTAX);
            return;
        }
    }
    struct bytes from = call->argv[1], to = call->argv[2];
    if (target == call->db && bytes_equal(from, to)) {
        call_error(call, ERR_SAME_OBJECT);
        return;
    }
    struct entry *e = db_read(call->db, from);
    /* Looked up for writing, so that an expired destination is deleted and not in the way. */
    struct entry *old = e ? db_write(target, to) : NULL;
    enum value_type was = old ? value_type(old) : TYPE_STRING;
    bool had = old;
    if (!e || (had && !replace)) {
        reply_int(call->reply, 0);
        return;
    }
    struct entry *copy = value_copy(e, to);
    if (!helpers_allows_value(call, copy)) {
        value_free(copy);
        return;
    }
    if (e->has_ttl)
        copy = entry_set_deadline(copy, entry_deadline_ms(e));
    db_delete(target, to);
    db_add(target, copy);
    db_changed(target, to, DB_EVENT_GENERIC, "copy_to");
    if (had)
        db_overwritten(target, to, was, value_type(copy));
    db_ready(target, to);
    reply_int(call->reply, 1);
}

const struct command copy_command = {
    .name = "copy",
    .usage = "source:key destination:key [DB destination-db:int] [REPLACE]",
    .summary = "Copies a key to another key.",
    .since = "6.2.0",
    .complexity = "O(N) with N what the value holds",
    .group = GROUP_GENERIC,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS), KEY_RANGE(2, 0, 1, KEY_OW | KEY_UPDATE)},
    .handler = do_copy,
};
