/* HGETDEL: replies with fields and deletes them. The journal gets HDEL of those that existed. */
#include "commands/index.h"

#include "commands/hash/field_effect.h"
#include "commands/hash/hash_args.h"

static void do_hgetdel(struct call *call)
{
    struct entry *e;
    struct field_effect dropped;
    struct hash_args_fields fields;
    if (!hash_args_write(call, call->argv[1], &e) || !hash_args_parse_fields(call, 2, 1, &fields))
        return;
    hash_args_reply_fields(call, e, &fields);
    if (!e)
        return;
    struct bytes head[] = {BYTES("HDEL"), call->argv[1]};
    field_effect_begin(&dropped, fields.n, head, 2);
    for (int i = fields.first; i < fields.first + fields.n; i++)
        if (hash_args_remove(e, call->argv[i]))
            field_effect_add(&dropped, call->argv[i]);
    struct db_fields any = field_effect_journal(call, &dropped, NULL);
    if (any.n)
        hash_args_shrunk(call, e, "hdel", any);
    field_effect_end(&dropped);
}

const struct command hgetdel_command = {
    .name = "hgetdel",
    .usage = "key:key FIELDS numfields:int field:string...",
    .summary = "Returns fields and deletes them.",
    .since = "8.0.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -5,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_hgetdel,
};
