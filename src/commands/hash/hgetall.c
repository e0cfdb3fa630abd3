/* HGETALL, HKEYS, HVALS: one walk, three replies. */
#include "commands/index.h"

#include "commands/hash/hash_args.h"

enum { NAMES = 1, VALUES = 2 };

static void reply_all(struct call *call, unsigned what)
{
    const struct hash *h;
    struct hash_walk w;
    struct hash_field f;
    if (!hash_args_read(call, call->argv[1], &h))
        return;
    size_t n = h ? hash_args_live(call, h) : 0;
    if (what == (NAMES | VALUES))
        reply_map(call->reply, n);
    else
        reply_array(call->reply, n);
    if (!h)
        return;
    hash_walk_start(&w, h, db_field_now(call->store));
    while (hash_walk_next(&w, &f)) {
        if (what & NAMES)
            reply_bulk(call->reply, f.name);
        if (what & VALUES)
            reply_bulk(call->reply, f.value);
    }
}

static void do_hgetall(struct call *call)
{
    reply_all(call, NAMES | VALUES);
}

const struct command hgetall_command = {
    .name = "hgetall",
    .usage = "key:key",
    .summary = "Returns all fields and values.",
    .since = "2.0.0",
    .complexity = "O(N) with N the fields",
    .tips = "nondeterministic_output_order",
    .group = GROUP_HASH,
    .arity = 2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_hgetall,
};

static void do_hkeys(struct call *call)
{
    reply_all(call, NAMES);
}

const struct command hkeys_command = {
    .name = "hkeys",
    .usage = "key:key",
    .summary = "Returns the names of all fields.",
    .since = "2.0.0",
    .complexity = "O(N) with N the fields",
    .tips = "nondeterministic_output_order",
    .group = GROUP_HASH,
    .arity = 2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_hkeys,
};

static void do_hvals(struct call *call)
{
    reply_all(call, VALUES);
}

const struct command hvals_command = {
    .name = "hvals",
    .usage = "key:key",
    .summary = "Returns the values of all fields.",
    .since = "2.0.0",
    .complexity = "O(N) with N the fields",
    .tips = "nondeterministic_output_order",
    .group = GROUP_HASH,
    .arity = 2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_hvals,
};
