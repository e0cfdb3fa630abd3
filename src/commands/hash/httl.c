/* HTTL, HPTTL, HEXPIRETIME, HPEXPIRETIME: the remaining time of fields, and when they expire. -1:
 * no TTL; -2: no such field. */
#include "commands/index.h"

#include "base/num.h"
#include "commands/hash/hash_args.h"

static void reply_ttls(struct call *call, bool seconds, bool absolute)
{
    const struct hash *h;
    struct hash_field f;
    struct hash_args_fields fields;
    if (!hash_args_read(call, call->argv[1], &h) || !hash_args_parse_fields(call, 2, 1, &fields))
        return;
    reply_array(call->reply, (size_t)fields.n);
    for (int i = fields.first; i < fields.first + fields.n; i++) {
        if (!h || !hash_args_find(call, h, call->argv[i], &f)) {
            reply_int(call->reply, -2);
            continue;
        }
        if (f.deadline_ms < 0) {
            reply_int(call->reply, -1);
            continue;
        }
        int64_t v = absolute ? f.deadline_ms : num_minus(f.deadline_ms, call->now_ms);
        if (v < 0)
            v = 0;
        reply_int(call->reply, seconds ? (v + 999) / 1000 : v);
    }
}

static void do_httl(struct call *call)
{
    reply_ttls(call, true, false);
}

const struct command httl_command = {
    .name = "httl",
    .usage = "key:key FIELDS numfields:int field:string...",
    .summary = "Returns the TTL of fields in seconds.",
    .since = "7.4.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -5,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_httl,
};

static void do_hpttl(struct call *call)
{
    reply_ttls(call, false, false);
}

const struct command hpttl_command = {
    .name = "hpttl",
    .usage = "key:key FIELDS numfields:int field:string...",
    .summary = "Returns the TTL of fields in milliseconds.",
    .since = "7.4.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -5,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_hpttl,
};

static void do_hexpiretime(struct call *call)
{
    reply_ttls(call, true, true);
}

const struct command hexpiretime_command = {
    .name = "hexpiretime",
    .usage = "key:key FIELDS numfields:int field:string...",
    .summary = "Returns the expiration time of fields as a Unix time in seconds.",
    .since = "7.4.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -5,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_hexpiretime,
};

static void do_hpexpiretime(struct call *call)
{
    reply_ttls(call, false, true);
}

const struct command hpexpiretime_command = {
    .name = "hpexpiretime",
    .usage = "key:key FIELDS numfields:int field:string...",
    .summary = "Returns the expiration time of fields as a Unix time in milliseconds.",
    .since = "7.4.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -5,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_hpexpiretime,
};
