/* SET, SETNX, SETEX, PSETEX: store a string, replacing any value. The journal gets the request if
 * it has no options, else a plain SET with the time of expiry (PXAT) or KEEPTTL. */
#include "commands/index.h"

#include "command/keys.h"
#include "commands/expiry_arg.h"
#include "commands/string/condition.h"
#include "commands/string/set_options.h"
#include "commands/string_args.h"

static void do_set(struct call *call)
{
    struct set_options o;
    if (call->argc == 3) {
        /* The plain form, by far the most common one. */
        string_args_overwrite(call, call->argv[1], 2, -1, false);
        db_changed(call->db, call->argv[1], DB_EVENT_STRING, "set");
        reply_ok(call->reply);
        return;
    }
    if (!set_options_parse(call, 3, SET_NX | SET_XX | SET_GET | SET_KEEPTTL | SET_CONDITION, &o))
        return;
    if ((o.flags & SET_DEADLINE) && !expiry_arg_parse(call, &o.deadline))
        return;
    if (!condition_check(call, &o.condition))
        return;
    struct bytes key = call->argv[1];
    struct entry *e;
    if (o.flags & SET_GET) {
        if (!call_read(call, key, TYPE_STRING, &e))
            return;
        string_args_reply(call, e);
    }
    e = db_write(call->db, key);
    if (e && o.condition.given && value_type(e) != TYPE_STRING) {
        call_error(call, ERR_WRONGTYPE);
        return;
    }
    if ((e && (o.flags & SET_NX)) || (!e && (o.flags & SET_XX)) ||
        !condition_holds(&o.condition, e)) {
        if (!(o.flags & SET_GET))
            reply_null(call->reply);
        return;
    }
    bool timed = o.flags & SET_DEADLINE;
    int64_t at_ms = timed ? o.deadline.at_ms : -1;
    string_args_overwrite(call, key, 2, at_ms, o.flags & SET_KEEPTTL);
    string_args_effect_set(call, key, call->argv[2], at_ms, o.flags & SET_KEEPTTL);
    db_changed(call->db, key, DB_EVENT_STRING, "set");
    if (timed)
        db_notify(call->db, key, DB_EVENT_GENERIC, "expire");
    if (!(o.flags & SET_GET))
        reply_ok(call->reply);
}

/* GET and conditions reveal the value. */
static void find_set_keys(struct keys *to, const struct bytes *argv, int argc)
{
    struct condition c;
    struct expiry_arg d;
    bool reads = false;
    for (int i = 3; i < argc; i++) {
        bool more = i + 1 < argc;
        if (bytes_is(argv[i], "get")) {
            reads = true;
        } else if (more && condition_word(argv[i], &c)) {
            reads = true;
            i++;
        } else if (more && expiry_arg_word(argv[i], &d)) {
            i++;
        }
    }
    keys_add(to, 1, reads ? KEY_RW | KEY_ACCESS | KEY_UPDATE : KEY_OW | KEY_UPDATE);
}

const struct command set_command = {
    .name = "set",
    .usage =
        "key:key value:string [<NX | XX | IFEQ value:string | IFNE value:string | IFDEQ "
        "digest:string | IFDNE digest:string>] [GET] [<EX seconds:int | PX milliseconds:int | EXAT "
        "unix-time-seconds:unix-time | PXAT unix-time-milliseconds:unix-time | KEEPTTL>]",
    .summary = "Sets the string value of a key; options set a condition and an expiration.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_STRING,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE | KEY_VARIABLE_FLAGS)},
    .find_keys = find_set_keys,
    .handler = do_set,
};

static void do_setnx(struct call *call)
{
    if (db_write(call->db, call->argv[1])) {
        reply_int(call->reply, 0);
        return;
    }
    string_args_overwrite(call, call->argv[1], 2, -1, false);
    db_changed(call->db, call->argv[1], DB_EVENT_STRING, "set");
    reply_int(call->reply, 1);
}

const struct command setnx_command = {
    .name = "setnx",
    .usage = "key:key value:string",
    .summary = "Sets a key, if it does not exist.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_STRING,
    .arity = 3,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_OW | KEY_INSERT)},
    .handler = do_setnx,
};

static void set_for(struct call *call, const char *word)
{
    struct expiry_arg d;
    expiry_arg_word(bytes_text(word), &d);
    d.argument = 2;
    if (!expiry_arg_parse(call, &d))
        return;
    string_args_overwrite(call, call->argv[1], 3, d.at_ms, false);
    string_args_effect_set(call, call->argv[1], call->argv[3], d.at_ms, false);
    db_changed(call->db, call->argv[1], DB_EVENT_STRING, "set");
    db_notify(call->db, call->argv[1], DB_EVENT_GENERIC, "expire");
    reply_ok(call->reply);
}

static void do_setex(struct call *call)
{
    set_for(call, "ex");
}

const struct command setex_command = {
    .name = "setex",
    .usage = "key:key seconds:int value:string",
    .summary = "Sets a key with a TTL in seconds.",
    .since = "2.0.0",
    .complexity = "O(1)",
    .group = GROUP_STRING,
    .arity = 4,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_OW | KEY_UPDATE)},
    .handler = do_setex,
};

static void do_psetex(struct call *call)
{
    set_for(call, "px");
}

const struct command psetex_command = {
    .name = "psetex",
    .usage = "key:key milliseconds:int value:string",
    .summary = "Sets a key with a TTL in milliseconds.",
    .since = "2.6.0",
    .complexity = "O(1)",
    .group = GROUP_STRING,
    .arity = 4,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_OW | KEY_UPDATE)},
    .handler = do_psetex,
};
