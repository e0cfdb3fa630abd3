/* HGETEX: HMGET that also sets or removes the fields' TTLs. */
#include "commands/index.h"

#include "commands/hash/field_ttl.h"
#include "commands/hash/hash_args.h"

static void do_hgetex(struct call *call)
{
    struct entry *e;
    struct field_ttl_options o;
    struct hash_args_fields fields;
    int at = 2;
    if (!hash_args_write(call, call->argv[1], &e) ||
        !field_ttl_parse_options(call, &at, false, &o) ||
        !hash_args_parse_fields(call, at, 1, &fields))
        return;
    hash_args_reply_fields(call, e, &fields);
    if (!e)
        return;
    if (o.timed)
        field_ttl_set(call, e, &fields, FIELD_TTL_ALWAYS, o.at_ms, false);
    else if (o.persist)
        field_ttl_clear(call, e, &fields, false);
}

const struct command hgetex_command = {
    .name = "hgetex",
    .usage =
        "key:key [<EX seconds:int | PX milliseconds:int | EXAT unix-time-seconds:unix-time | PXAT "
        "unix-time-milliseconds:unix-time | PERSIST>] FIELDS numfields:int field:string...",
    .summary = "Returns fields and sets or removes their expiration.",
    .since = "8.0.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -5,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    .handler = do_hgetex,
};
