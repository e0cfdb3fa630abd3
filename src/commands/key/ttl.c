/* TTL, PTTL, EXPIRETIME, PEXPIRETIME: the remaining time of a key, and when it expires. -1: no TTL;
 * -2: no such key. */
#include "commands/index.h"

#include "base/num.h"

static void reply_ttl(struct call *call, bool seconds, bool absolute)
{
    struct entry *e = db_read_notouch(call->db, call->argv[1]);
    int64_t at = e ? entry_deadline_ms(e) : -1;
    if (!e) {
        reply_int(call->reply, -2);
    } else if (at < 0) {
        reply_int(call->reply, -1);
    } else {
        int64_t v = absolute ? at : num_minus(at, call->now_ms);
        if (v < 0)
            v = 0;
        reply_int(call->reply, seconds ? (absolute ? v / 1000 : (v + 500) / 1000) : v);
    }
}

static void do_ttl(struct call *call)
{
    reply_ttl(call, true, false);
}

const struct command ttl_command = {
    .name = "ttl",
    .usage = "key:key",
    .summary = "Returns the TTL of a key in seconds.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .tips = "nondeterministic_output",
    .group = GROUP_GENERIC,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_READONLY | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_ttl,
};

static void do_pttl(struct call *call)
{
    reply_ttl(call, false, false);
}

const struct command pttl_command = {
    .name = "pttl",
    .usage = "key:key",
    .summary = "Returns the TTL of a key in milliseconds.",
    .since = "2.6.0",
    .complexity = "O(1)",
    .tips = "nondeterministic_output",
    .group = GROUP_GENERIC,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_READONLY | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_pttl,
};

static void do_expiretime(struct call *call)
{
    reply_ttl(call, true, true);
}

const struct command expiretime_command = {
    .name = "expiretime",
    .usage = "key:key",
    .summary = "Returns the expiration time of a key as a Unix time in seconds.",
    .since = "7.0.0",
    .complexity = "O(1)",
    .group = GROUP_GENERIC,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_READONLY | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_expiretime,
};

static void do_pexpiretime(struct call *call)
{
    reply_ttl(call, false, true);
}

const struct command pexpiretime_command = {
    .name = "pexpiretime",
    .usage = "key:key",
    .summary = "Returns the expiration time of a key as a Unix time in milliseconds.",
    .since = "7.0.0",
    .complexity = "O(1)",
    .group = GROUP_GENERIC,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_READONLY | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_pexpiretime,
};
