/* GET, and GETSET, GETDEL and GETEX, which also change the key. The journal gets their effect: SET,
 * DEL, PEXPIREAT or PERSIST. */
#include "commands/index.h"

#include "command/keys.h"
#include "commands/expiry_arg.h"
#include "commands/string/set_options.h"
#include "commands/string_args.h"

static void do_get(struct call *call)
{
    struct entry *e;
    if (call_read(call, call->argv[1], TYPE_STRING, &e))
        string_args_reply(call, e);
}

const struct command get_command = {
    .name = "get",
    .usage = "key:key",
    .summary = "Returns the string value of a key.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_STRING,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_get,
};

static void do_getset(struct call *call)
{
    struct entry *e;
    if (!call_read(call, call->argv[1], TYPE_STRING, &e))
        return;
    string_args_reply(call, e);
    string_args_overwrite(call, call->argv[1], 2, -1, false);
    CALL_EFFECT(call, BYTES("SET"), call->argv[1], call->argv[2]);
    db_changed(call->db, call->argv[1], DB_EVENT_STRING, "set");
}

const struct command getset_command = {
    .name = "getset",
    .usage = "key:key value:string",
    .summary = "Sets a string and returns the previous value.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_STRING,
    .arity = 3,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    .handler = do_getset,
};

static void do_getdel(struct call *call)
{
    struct entry *e;
    if (!call_read(call, call->argv[1], TYPE_STRING, &e))
        return;
    string_args_reply(call, e);
    if (!e)
        return;
    db_delete(call->db, call->argv[1]);
    CALL_EFFECT(call, BYTES("DEL"), call->argv[1]);
    db_changed(call->db, call->argv[1], DB_EVENT_GENERIC, "del");
}

const struct command getdel_command = {
    .name = "getdel",
    .usage = "key:key",
    .summary = "Returns the string value of a key and deletes the key.",
    .since = "6.2.0",
    .complexity = "O(1)",
    .group = GROUP_STRING,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_getdel,
};

static void do_getex(struct call *call)
{
    struct set_options o;
    struct entry *e;
    if (!set_options_parse(call, 2, SET_PERSIST, &o) ||
        !call_write_counted(call, call->argv[1], TYPE_STRING, &e))
        return;
    if (!e) {
        reply_null(call->reply);
        return;
    }
    if ((o.flags & SET_DEADLINE) && !expiry_arg_parse(call, &o.deadline))
        return;
    string_args_reply(call, e);
    struct bytes key = call->argv[1];
    if (o.flags & SET_DEADLINE) {
        if (o.deadline.at_ms <= call->now_ms && !call_is_replay(call)) {
            db_delete(call->db, key);
            CALL_EFFECT(call, BYTES("DEL"), key);
            db_changed(call->db, key, DB_EVENT_GENERIC, "del");
            return;
        }
        char text[NUM_INT_MAX];
        struct bytes at = {text, num_print_int(text, o.deadline.at_ms)};
        db_set_deadline(call->db, e, o.deadline.at_ms);
        CALL_EFFECT(call, BYTES("PEXPIREAT"), key, at);
        db_changed(call->db, key, DB_EVENT_GENERIC, "expire");
    } else if ((o.flags & SET_PERSIST) && e->has_ttl) {
        db_set_deadline(call->db, e, -1);
        CALL_EFFECT(call, BYTES("PERSIST"), key);
        db_changed(call->db, key, DB_EVENT_GENERIC, "persist");
    }
}

const struct command getex_command = {
    .name = "getex",
    .usage = "key:key [<EX seconds:int | PX milliseconds:int | EXAT unix-time-seconds:unix-time | "
             "PXAT unix-time-milliseconds:unix-time | PERSIST>]",
    .summary = "Returns the string value of a key and sets or removes its expiration.",
    .since = "6.2.0",
    .complexity = "O(1)",
    .group = GROUP_STRING,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    .handler = do_getex,
};
