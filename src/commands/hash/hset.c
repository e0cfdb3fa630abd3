/* HSET, HSETNX, and HMSET, the older form that replies OK. A field that is set loses its TTL. */
#include "commands/index.h"

#include "commands/hash/hash_args.h"

static bool pairs(struct call *call)
{
    if (call->argc % 2 == 0)
        return true;
    helpers_wrong_arity(call, call->command);
    return false;
}

/* Returns the number of new fields; -1 after an error. */
static long long set_all(struct call *call)
{
    struct entry *e;
    long long created = 0;
    if (!pairs(call) || !hash_args_ensure(call, call->argv[1], &e))
        return -1;
    for (int i = 2; i < call->argc; i += 2)
        created += hash_args_set(call, e, call->argv[i], call->argv[i + 1], HASH_NO_TTL);
    hash_args_grown(call, e, "hset",
                    (struct db_fields){call->argv + 2, (size_t)call->argc / 2 - 1, 2});
    return created;
}

static void do_hset(struct call *call)
{
    long long created = set_all(call);
    if (created >= 0)
        reply_int(call->reply, created);
}

const struct command hset_command = {
    .name = "hset",
    .usage = "key:key (field:string value:string)...",
    .summary = "Sets fields of a hash.",
    .since = "2.0.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -4,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_hset,
};

static void do_hmset(struct call *call)
{
    if (set_all(call) >= 0)
        reply_ok(call->reply);
}

const struct command hmset_command = {
    .name = "hmset",
    .usage = "key:key (field:string value:string)...",
    .summary = "Sets fields of a hash (superseded by HSET).",
    .since = "2.0.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -4,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_hmset,
};

static void do_hsetnx(struct call *call)
{
    struct entry *e;
    struct hash_field f;
    if (!hash_args_write(call, call->argv[1], &e))
        return;
    if (e && hash_args_find(call, value_object(e), call->argv[2], &f)) {
        reply_int(call->reply, 0);
        return;
    }
    if (hash_args_ensure(call, call->argv[1], &e)) {
        hash_args_set(call, e, call->argv[2], call->argv[3], HASH_NO_TTL);
        hash_args_grown(call, e, "hset", (struct db_fields){call->argv + 2, 1, 1});
        reply_int(call->reply, 1);
    }
}

const struct command hsetnx_command = {
    .name = "hsetnx",
    .usage = "key:key field:string value:string",
    .summary = "Sets a field if it does not exist.",
    .since = "2.0.0",
    .complexity = "O(1)",
    .group = GROUP_HASH,
    .arity = 4,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_hsetnx,
};
