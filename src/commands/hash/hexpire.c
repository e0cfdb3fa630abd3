/* HEXPIRE, HPEXPIRE, HEXPIREAT, HPEXPIREAT: set TTLs of fields, each if the condition holds. Parses
 * the arguments; the rest is in hash/field_ttl. */
#include "commands/index.h"

#include "commands/hash/field_ttl.h"
#include "commands/hash/hash_args.h"

static bool parse_condition(struct bytes word, enum field_ttl_condition *out)
{
    static const char *const words[] = {"", "nx", "xx", "gt", "lt"};
    for (int i = FIELD_TTL_NX; i <= FIELD_TTL_LT; i++)
        if (bytes_is(word, words[i])) {
            *out = (enum field_ttl_condition)i;
            return true;
        }
    return false;
}

static void set_ttl(struct call *call, bool seconds, bool absolute)
{
    enum field_ttl_condition c = FIELD_TTL_ALWAYS;
    int64_t at_ms;
    struct entry *e;
    struct hash_args_fields fields;
    int at = 3 + parse_condition(call->argv[3], &c);
    if (!hash_args_write(call, call->argv[1], &e) ||
        !field_ttl_parse(call, 2, seconds, absolute, &at_ms) ||
        !hash_args_parse_fields(call, at, 1, &fields))
        return;
    reply_array(call->reply, (size_t)fields.n);
    if (e)
        field_ttl_set(call, e, &fields, c, at_ms, true);
    for (int i = 0; !e && i < fields.n; i++)
        reply_int(call->reply, -2);
}

static void do_hexpire(struct call *call)
{
    set_ttl(call, true, false);
}

const struct command hexpire_command = {
    .name = "hexpire",
    .usage = "key:key seconds:int [<NX | XX | GT | LT>] FIELDS numfields:int field:string...",
    .summary = "Sets the TTL of fields in seconds.",
    .since = FIELD_TTL_SINCE,
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -6,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_hexpire,
};

static void do_hpexpire(struct call *call)
{
    set_ttl(call, false, false);
}

const struct command hpexpire_command = {
    .name = "hpexpire",
    .usage = "key:key milliseconds:int [<NX | XX | GT | LT>] FIELDS numfields:int field:string...",
    .summary = "Sets the TTL of fields in milliseconds.",
    .since = FIELD_TTL_SINCE,
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -6,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_hpexpire,
};

static void do_hexpireat(struct call *call)
{
    set_ttl(call, true, true);
}

const struct command hexpireat_command = {
    .name = "hexpireat",
    .usage = "key:key unix-time-seconds:unix-time [<NX | XX | GT | LT>] FIELDS numfields:int "
             "field:string...",
    .summary = "Sets the expiration time of fields as a Unix time in seconds.",
    .since = FIELD_TTL_SINCE,
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -6,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_hexpireat,
};

static void do_hpexpireat(struct call *call)
{
    set_ttl(call, false, true);
}

const struct command hpexpireat_command = {
    .name = "hpexpireat",
    .usage = "key:key unix-time-milliseconds:unix-time [<NX | XX | GT | LT>] FIELDS numfields:int "
             "field:string...",
    .summary = "Sets the expiration time of fields as a Unix time in milliseconds.",
    .since = FIELD_TTL_SINCE,
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -6,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_hpexpireat,
};
