/* EXPIRE and its three forms: set a key's TTL. A time in the past deletes the key. The journal gets
 * PEXPIREAT or DEL, since a TTL would start again in replay. */
#include "commands/index.h"

#include "base/num.h"
#include "commands/expiry_arg.h"

enum expire_flag { ONLY_NONE = 1, ONLY_SOME = 2, ONLY_LATER = 4, ONLY_EARLIER = 8 };

static bool parse_flags(struct call *call, unsigned *flags)
{
    *flags = 0;
    for (int i = 3; i < call->argc; i++) {
        struct bytes word = call->argv[i];
        if (bytes_is(word, "nx"))
            *flags |= ONLY_NONE;
        else if (bytes_is(word, "xx"))
            *flags |= ONLY_SOME;
        else if (bytes_is(word, "gt"))
            *flags |= ONLY_LATER;
        else if (bytes_is(word, "lt"))
            *flags |= ONLY_EARLIER;
        else {
            reply_errorf(call->reply, "ERR Unsupported option %.*s", (int)word.n, word.p);
            return false;
        }
    }
    if ((*flags & ONLY_NONE) && (*flags & ~(unsigned)ONLY_NONE)) {
        reply_errorf(call->reply,
                     "ERR NX and XX, GT or LT options at the same time are not compatible");
        return false;
    }
    if ((*flags & ONLY_LATER) && (*flags & ONLY_EARLIER)) {
        reply_errorf(call->reply, "ERR GT and LT options at the same time are not compatible");
        return false;
    }
    return true;
}

static void set_ttl(struct call *call, bool seconds, bool absolute)
{
    struct expiry_arg d = {.seconds = seconds, .absolute = absolute, .argument = 2};
    struct bytes key = call->argv[1];
    unsigned flags;
    if (!parse_flags(call, &flags) || !expiry_arg_parse_any(call, &d))
        return;
    struct entry *e = db_write(call->db, key);
    int64_t now = e ? entry_deadline_ms(e) : -1;
    bool skip = !e || ((flags & ONLY_NONE) && now >= 0) || ((flags & ONLY_SOME) && now < 0) ||
                ((flags & ONLY_LATER) && (now < 0 || d.at_ms <= now)) ||
                ((flags & ONLY_EARLIER) && now >= 0 && d.at_ms >= now);
    if (skip) {
        reply_int(call->reply, 0);
        return;
    }
    if (d.at_ms <= call->now_ms && !call_is_replay(call)) {
        db_delete(call->db, key);
        CALL_EFFECT(call, BYTES("DEL"), key);
        db_changed(call->db, key, DB_EVENT_GENERIC, "del");
        db_ready(call->db, key);
    } else {
        char text[NUM_INT_MAX];
        if (d.at_ms < 0)
            d.at_ms = 0;
        db_set_deadline(call->db, e, d.at_ms);
        CALL_EFFECT(call, BYTES("PEXPIREAT"), key, bytes_of(text, num_print_int(text, d.at_ms)));
        db_changed(call->db, key, DB_EVENT_GENERIC, "expire");
    }
    reply_int(call->reply, 1);
}

static void do_expire(struct call *call)
{
    set_ttl(call, true, false);
}

const struct command expire_command = {
    .name = "expire",
    .usage = "key:key seconds:int [<NX | XX | GT | LT>]",
    .summary = "Sets the TTL of a key in seconds.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_GENERIC,
    .arity = -3,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_expire,
};

static void do_pexpire(struct call *call)
{
    set_ttl(call, false, false);
}

const struct command pexpire_command = {
    .name = "pexpire",
    .usage = "key:key milliseconds:int [<NX | XX | GT | LT>]",
    .summary = "Sets the TTL of a key in milliseconds.",
    .since = "2.6.0",
    .complexity = "O(1)",
    .group = GROUP_GENERIC,
    .arity = -3,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_pexpire,
};

static void do_expireat(struct call *call)
{
    set_ttl(call, true, true);
}

const struct command expireat_command = {
    .name = "expireat",
    .usage = "key:key unix-time-seconds:unix-time [<NX | XX | GT | LT>]",
    .summary = "Sets the expiration time of a key as a Unix time in seconds.",
    .since = "1.2.0",
    .complexity = "O(1)",
    .group = GROUP_GENERIC,
    .arity = -3,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_expireat,
};

static void do_pexpireat(struct call *call)
{
    set_ttl(call, false, true);
}

const struct command pexpireat_command = {
    .name = "pexpireat",
    .usage = "key:key unix-time-milliseconds:unix-time [<NX | XX | GT | LT>]",
    .summary = "Sets the expiration time of a key as a Unix time in milliseconds.",
    .since = "2.6.0",
    .complexity = "O(1)",
    .group = GROUP_GENERIC,
    .arity = -3,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_pexpireat,
};
