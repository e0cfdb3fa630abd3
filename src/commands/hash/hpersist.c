/* HPERSIST: removes TTLs of fields. */
#include "commands/index.h"

#include "commands/hash/field_ttl.h"
#include "commands/hash/hash_args.h"

static void do_hpersist(struct call *call)
{
    struct entry *e;
    struct hash_args_fields fields;
    if (!hash_args_write(call, call->argv[1], &e) || !hash_args_parse_fields(call, 2, 1, &fields))
        return;
    reply_array(call->reply, (size_t)fields.n);
    field_ttl_clear(call, e, &fields, true);
}

const struct command hpersist_command = {
    .name = "hpersist",
    .usage = "key:key FIELDS numfields:int field:string...",
    .summary = "Removes the expiration of fields.",
    .since = FIELD_TTL_SINCE,
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -5,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_hpersist,
};
