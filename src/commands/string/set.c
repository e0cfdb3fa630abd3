/* SET and its kin: writing whole values, with deadlines. */
#include "commands/index.h"

#include "command/keys.h"
#include "commands/deadline.h"
#include "commands/string/condition.h"
#include "type/string.h"

enum set_flag {
    SET_NX = 1 << 0,
    SET_XX = 1 << 1,
    SET_GET = 1 << 2,
    SET_KEEPTTL = 1 << 3,
    SET_PERSIST = 1 << 4,
    SET_DEADLINE = 1 << 5,
    SET_CONDITION = 1 << 6, /* IFEQ and its kin */
};

struct set_options {
    unsigned flags;
    struct condition condition;
    struct deadline deadline;
};

/* Options from argument i on. allowed: those of this command. */
static bool parse_options(struct call *call, int i, unsigned allowed, struct set_options *o)
{
    *o = (struct set_options){0};
    for (; i < call->argc; i++) {
        struct bytes word = call->argv[i];
        bool more = i + 1 < call->argc;
        /* An option may be said again, but not together with another about the same thing. */
        unsigned ttl = o->flags & (SET_KEEPTTL | SET_PERSIST | SET_DEADLINE);
        struct deadline d;
        unsigned when = o->flags & (SET_NX | SET_XX | SET_CONDITION);
        if (bytes_is(word, "nx") && (allowed & SET_NX) && !(when & ~(unsigned)SET_NX)) {
            o->flags |= SET_NX;
        } else if (bytes_is(word, "xx") && (allowed & SET_XX) && !(when & ~(unsigned)SET_XX)) {
            o->flags |= SET_XX;
        } else if (more && (allowed & SET_CONDITION) && !when &&
                   condition_word(word, &o->condition)) {
            o->flags |= SET_CONDITION;
            o->condition.operand = call->argv[++i];
        } else if (bytes_is(word, "get") && (allowed & SET_GET)) {
            o->flags |= SET_GET;
        } else if (bytes_is(word, "keepttl") && (allowed & SET_KEEPTTL) &&
                   !(ttl & ~(unsigned)SET_KEEPTTL)) {
            o->flags |= SET_KEEPTTL;
        } else if (bytes_is(word, "persist") && (allowed & SET_PERSIST) &&
                   !(ttl & ~(unsigned)SET_PERSIST)) {
            o->flags |= SET_PERSIST;
        } else if (more && deadline_word(word, &d) &&
                   (!ttl || (ttl == SET_DEADLINE && d.seconds == o->deadline.seconds &&
                             d.absolute == o->deadline.absolute))) {
            o->flags |= SET_DEADLINE;
            o->deadline = d;
            o->deadline.argument = ++i;
        } else {
            call_error(call, ERR_SYNTAX);
            return false;
        }
    }
    return true;
}

static void overwritten(const struct call *call, struct bytes key, const struct entry *e)
{
    if (__builtin_expect(call->store->notify & (DB_EVENT_OVERWRITTEN | DB_EVENT_TYPE_CHANGED), 0))
        db_overwritten(call->db, key, value_type(e), TYPE_STRING);
}

/* Puts a value under a key, whatever was there. at_ms < 0: no deadline. */
static void put(struct call *call, struct bytes key, int value_arg, int64_t at_ms, bool keep_ttl)
{
    struct entry *e = db_write(call->db, key);
    struct bytes value = call->argv[value_arg];
    struct str *whole = value.n > ENTRY_INLINE_MAX ? call_arg_str(call, value_arg) : NULL;
    if (e && value_type(e) == TYPE_STRING) {
        bool had = e->has_ttl;
        overwritten(call, key, e);
        struct entry *now = whole ? string_set_str(e, whole) : string_set(e, value);
        db_put_back(call->db, e, now, had);
        if ((had && !keep_ttl) || at_ms >= 0)
            db_set_deadline(call->db, now, at_ms);
    } else {
        struct entry *fresh = whole ? string_new_str(key, whole) : string_new(key, value);
        int64_t keep_ms = e && keep_ttl ? entry_deadline_ms(e) : at_ms;
        if (keep_ms >= 0)
            fresh = entry_set_deadline(fresh, keep_ms);
        if (e) {
            overwritten(call, key, e);
            db_replace(call->db, e, fresh);
            db_ready(call->db, key);
        } else {
            db_add(call->db, fresh);
        }
    }
    str_unref(whole);
}

static void reply_value(const struct call *call, const struct entry *e)
{
    char scratch[NUM_INT_MAX];
    if (!e)
        reply_null(call->reply);
    else if (e->kind == VALUE_STR)
        reply_bulk_str(call->reply, value_object(e));
    else
        reply_bulk(call->reply, string_view(e, scratch));
}

/* The journal gets the moment, not the span. */
static void effect_of_set(struct call *call, int64_t at_ms, bool keep_ttl)
{
    char text[NUM_INT_MAX];
    struct bytes at = {text, num_print_int(text, at_ms)};
    if (at_ms >= 0)
        CALL_EFFECT(call, BYTES("SET"), call->argv[1], call->argv[call->argc == 4 ? 3 : 2],
                    BYTES("PXAT"), at);
    else if (keep_ttl)
        CALL_EFFECT(call, BYTES("SET"), call->argv[1], call->argv[2], BYTES("KEEPTTL"));
    else
        CALL_EFFECT(call, BYTES("SET"), call->argv[1], call->argv[2]);
}

static void do_set(struct call *call)
{
    struct set_options o;
    if (call->argc == 3) {
        /* The plain form, by far the most common one. */
        put(call, call->argv[1], 2, -1, false);
        db_changed(call->db, call->argv[1], DB_EVENT_STRING, "set");
        reply_ok(call->reply);
        return;
    }
    if (!parse_options(call, 3, SET_NX | SET_XX | SET_GET | SET_KEEPTTL | SET_CONDITION, &o))
        return;
    if ((o.flags & SET_DEADLINE) && !deadline_parse(call, &o.deadline))
        return;
    if (!condition_check(call, &o.condition))
        return;
    struct bytes key = call->argv[1];
    struct entry *e;
    if (o.flags & SET_GET) {
        if (!call_read(call, key, TYPE_STRING, &e))
            return;
        reply_value(call, e);
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
    put(call, key, 2, at_ms, o.flags & SET_KEEPTTL);
    effect_of_set(call, at_ms, o.flags & SET_KEEPTTL);
    db_changed(call->db, key, DB_EVENT_STRING, "set");
    if (timed)
        db_notify(call->db, key, DB_EVENT_GENERIC, "expire");
    if (!(o.flags & SET_GET))
        reply_ok(call->reply);
}

/* GET and conditions tell what was there. */
static void find_set_keys(struct keys *to, const struct bytes *argv, int argc)
{
    struct condition c;
    struct deadline d;
    bool reads = false;
    for (int i = 3; i < argc; i++) {
        bool more = i + 1 < argc;
        if (bytes_is(argv[i], "get")) {
            reads = true;
        } else if (more && condition_word(argv[i], &c)) {
            reads = true;
            i++;
        } else if (more && deadline_word(argv[i], &d)) {
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
    .summary =
        "Writes a string under a key, whatever was there; conditions and a deadline are optional.",
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
    put(call, call->argv[1], 2, -1, false);
    db_changed(call->db, call->argv[1], DB_EVENT_STRING, "set");
    reply_int(call->reply, 1);
}

const struct command setnx_command = {
    .name = "setnx",
    .usage = "key:key value:string",
    .summary = "Writes a string under a key that does not exist yet.",
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
    struct deadline d;
    deadline_word(bytes_text(word), &d);
    d.argument = 2;
    if (!deadline_parse(call, &d))
        return;
    put(call, call->argv[1], 3, d.at_ms, false);
    effect_of_set(call, d.at_ms, false);
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
    .summary = "Writes a string that lives for so many seconds.",
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
    .summary = "Writes a string that lives for so many milliseconds.",
    .since = "2.6.0",
    .complexity = "O(1)",
    .group = GROUP_STRING,
    .arity = 4,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_OW | KEY_UPDATE)},
    .handler = do_psetex,
};

static void do_get(struct call *call)
{
    struct entry *e;
    if (call_read(call, call->argv[1], TYPE_STRING, &e))
        reply_value(call, e);
}

const struct command get_command = {
    .name = "get",
    .usage = "key:key",
    .summary = "Answers the string under a key.",
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
    reply_value(call, e);
    put(call, call->argv[1], 2, -1, false);
    CALL_EFFECT(call, BYTES("SET"), call->argv[1], call->argv[2]);
    db_changed(call->db, call->argv[1], DB_EVENT_STRING, "set");
}

const struct command getset_command = {
    .name = "getset",
    .usage = "key:key value:string",
    .summary = "Writes a string and answers the one that was there.",
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
    reply_value(call, e);
    if (!e)
        return;
    db_delete(call->db, call->argv[1]);
    CALL_EFFECT(call, BYTES("DEL"), call->argv[1]);
    db_changed(call->db, call->argv[1], DB_EVENT_GENERIC, "del");
}

const struct command getdel_command = {
    .name = "getdel",
    .usage = "key:key",
    .summary = "Answers the string under a key and deletes the key.",
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
    if (!parse_options(call, 2, SET_PERSIST, &o) ||
        !call_read(call, call->argv[1], TYPE_STRING, &e))
        return;
    if (!e) {
        reply_null(call->reply);
        return;
    }
    if ((o.flags & SET_DEADLINE) && !deadline_parse(call, &o.deadline))
        return;
    reply_value(call, e);
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
    .summary = "Answers the string under a key and sets or clears its deadline.",
    .since = "6.2.0",
    .complexity = "O(1)",
    .group = GROUP_STRING,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    .handler = do_getex,
};

static void do_mget(struct call *call)
{
    reply_array(call->reply, (size_t)call->argc - 1);
    for (int i = 1; i < call->argc; i++) {
        struct entry *e = db_read(call->db, call->argv[i]);
        reply_value(call, e && value_type(e) == TYPE_STRING ? e : NULL);
    }
}

const struct command mget_command = {
    .name = "mget",
    .usage = "key:key...",
    .summary = "Answers the strings under several keys, null for each that holds none.",
    .since = "1.0.0",
    .complexity = "O(N) with N the number of keys",
    .tips = "request_policy:multi_shard",
    .group = GROUP_STRING,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, -1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_mget,
};

static bool pairs(struct call *call)
{
    if (call->argc % 2)
        return true;
    reply_errorf(call->reply, "ERR wrong number of arguments for '%s' command",
                 call->command->name);
    return false;
}

static void put_all(struct call *call)
{
    for (int i = 1; i < call->argc; i += 2) {
        put(call, call->argv[i], i + 1, -1, false);
        db_changed(call->db, call->argv[i], DB_EVENT_STRING, "set");
    }
    db_count_changes(call->store, (uint64_t)call->argc / 2);
}

static void do_mset(struct call *call)
{
    if (!pairs(call))
        return;
    put_all(call);
    reply_ok(call->reply);
}

const struct command mset_command = {
    .name = "mset",
    .usage = "(key:key value:string)...",
    .summary = "Writes several strings at once.",
    .since = "1.0.1",
    .complexity = "O(N) with N the number of keys",
    .tips = "request_policy:multi_shard response_policy:all_succeeded",
    .group = GROUP_STRING,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, -1, 2, KEY_OW | KEY_UPDATE)},
    .handler = do_mset,
};

static void do_msetnx(struct call *call)
{
    if (!pairs(call))
        return;
    for (int i = 1; i < call->argc; i += 2)
        if (db_write(call->db, call->argv[i])) {
            reply_int(call->reply, 0);
            return;
        }
    put_all(call);
    helpers_effect_from(call, BYTES("MSET"), 1);
    reply_int(call->reply, 1);
}

const struct command msetnx_command = {
    .name = "msetnx",
    .usage = "(key:key value:string)...",
    .summary = "Writes several strings at once, or none when one of the keys exists.",
    .since = "1.0.1",
    .complexity = "O(N) with N the number of keys",
    .group = GROUP_STRING,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, -1, 2, KEY_OW | KEY_INSERT)},
    .handler = do_msetnx,
};
