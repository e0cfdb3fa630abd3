/* HSETEX: HSET with one TTL for all fields, if all (FXX) or none (FNX) of them exist. */
#include "commands/index.h"

#include "base/mem.h"
#include "commands/hash/field_ttl.h"
#include "commands/hash/hash_args.h"

static void effect(struct call *call, const struct hash *h, const struct hash_args_fields *fields,
                   bool keep)
{
    struct bytes *argv = mem_alloc(((size_t)fields->n * 2 + 2) * sizeof(*argv));
    argv[0] = BYTES("HSET");
    argv[1] = call->argv[1];
    memcpy(argv + 2, call->argv + fields->first, (size_t)fields->n * 2 * sizeof(*argv));
    call_effect(call, argv, 2 * fields->n + 2);
    mem_free(argv);
    for (int i = fields->first; keep && i < fields->first + 2 * fields->n; i += 2) {
        struct hash_field f;
        if (hash_args_find(call, h, call->argv[i], &f) && f.deadline_ms >= 0)
            field_ttl_tell(call, call->argv[i], f.deadline_ms);
    }
}

static void do_hsetex(struct call *call)
{
    struct entry *e;
    struct field_ttl_options o;
    struct hash_field f;
    struct hash_args_fields fields;
    int at = 2;
    if (!hash_args_write(call, call->argv[1], &e) ||
        !field_ttl_parse_options(call, &at, true, &o) ||
        !hash_args_parse_fields(call, at, 2, &fields))
        return;
    int first = fields.first, n = fields.n;
    for (int i = first; i < first + 2 * n; i += 2) {
        bool there = e && hash_args_find(call, value_object(e), call->argv[i], &f);
        if ((there && o.only_new) || (!there && o.only_old)) {
            reply_int(call->reply, 0);
            return;
        }
    }
    if (!e && !hash_args_ensure(call, call->argv[1], &e))
        return;
    for (int i = first; i < first + 2 * n; i += 2)
        hash_args_set(call, e, call->argv[i], call->argv[i + 1],
                      o.keep ? HASH_KEEP_TTL : HASH_NO_TTL);
    effect(call, value_object(e), &fields, o.keep);
    hash_args_grown(call, e, "hset", (struct db_fields){call->argv + first, (size_t)n, 2});
    if (o.timed)
        field_ttl_set(call, e, &fields, FIELD_TTL_ALWAYS, o.at_ms, false);
    reply_int(call->reply, 1);
}

const struct command hsetex_command = {
    .name = "hsetex",
    .usage = "key:key [<FNX | FXX>] [<EX seconds:int | PX milliseconds:int | EXAT "
             "unix-time-seconds:unix-time | PXAT unix-time-milliseconds:unix-time | KEEPTTL>] "
             "FIELDS numfields:int (field:string value:string)...",
    .summary = "Sets fields with an expiration.",
    .since = "8.0.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -6,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_hsetex,
};
