/* Fields of hashes: writing, reading, counting. */
#include "commands/index.h"

#include "base/mem.h"
#include "base/num.h"
#include "commands/hash/hash_args.h"

#include <math.h>

static bool pairs(struct call *call)
{
    if (call->argc % 2 == 0)
        return true;
    reply_errorf(call->reply, "ERR wrong number of arguments for '%s' command",
                 call->command->name);
    return false;
}

/* The number of new fields; -1 after an error. */
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

static void do_hmset(struct call *call)
{
    if (set_all(call) >= 0)
        reply_ok(call->reply);
}

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
const struct command hmset_command = {
    .name = "hmset",
    .usage = "key:key (field:string value:string)...",
    .summary = "Sets fields of a hash (HSET does the same and counts).",
    .since = "2.0.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -4,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_hmset,
};
const struct command hsetnx_command = {
    .name = "hsetnx",
    .usage = "key:key field:string value:string",
    .summary = "Sets a field that does not exist yet.",
    .since = "2.0.0",
    .complexity = "O(1)",
    .group = GROUP_HASH,
    .arity = 4,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_hsetnx,
};

static void reply_field(const struct call *call, const struct hash *h, struct bytes name)
{
    struct hash_field f;
    if (h && hash_args_find(call, h, name, &f))
        reply_bulk(call->reply, f.value);
    else
        reply_null(call->reply);
}

static void do_hget(struct call *call)
{
    struct hash *h;
    if (hash_args_read(call, call->argv[1], &h))
        reply_field(call, h, call->argv[2]);
}

static void do_hmget(struct call *call)
{
    struct hash *h;
    if (!hash_args_read(call, call->argv[1], &h))
        return;
    reply_array(call->reply, (size_t)call->argc - 2);
    for (int i = 2; i < call->argc; i++)
        reply_field(call, h, call->argv[i]);
}

static void do_hexists(struct call *call)
{
    struct hash *h;
    struct hash_field f;
    if (hash_args_read(call, call->argv[1], &h))
        reply_int(call->reply, h && hash_args_find(call, h, call->argv[2], &f));
}

static void do_hstrlen(struct call *call)
{
    struct hash *h;
    struct hash_field f;
    if (!hash_args_read(call, call->argv[1], &h))
        return;
    bool found = h && hash_args_find(call, h, call->argv[2], &f);
    reply_int(call->reply, found ? (long long)f.value.n : 0);
}

static void do_hlen(struct call *call)
{
    struct hash *h;
    if (hash_args_read(call, call->argv[1], &h))
        reply_int(call->reply, h ? (long long)hash_args_live(call, h) : 0);
}

const struct command hget_command = {
    .name = "hget",
    .usage = "key:key field:string",
    .summary = "Answers the value of a field.",
    .since = "2.0.0",
    .complexity = "O(1)",
    .group = GROUP_HASH,
    .arity = 3,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_hget,
};
const struct command hmget_command = {
    .name = "hmget",
    .usage = "key:key field:string...",
    .summary = "Answers the values of several fields, null for each that is absent.",
    .since = "2.0.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -3,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_hmget,
};
const struct command hexists_command = {
    .name = "hexists",
    .usage = "key:key field:string",
    .summary = "Tells whether a field exists.",
    .since = "2.0.0",
    .complexity = "O(1)",
    .group = GROUP_HASH,
    .arity = 3,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO)},
    .handler = do_hexists,
};
const struct command hstrlen_command = {
    .name = "hstrlen",
    .usage = "key:key field:string",
    .summary = "Answers the length of a field's value.",
    .since = "3.2.0",
    .complexity = "O(1)",
    .group = GROUP_HASH,
    .arity = 3,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO)},
    .handler = do_hstrlen,
};
const struct command hlen_command = {
    .name = "hlen",
    .usage = "key:key",
    .summary = "Answers how many fields a hash has.",
    .since = "2.0.0",
    .complexity = "O(1)",
    .group = GROUP_HASH,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO)},
    .handler = do_hlen,
};

enum { NAMES = 1, VALUES = 2 };

static void reply_all(struct call *call, unsigned what)
{
    struct hash *h;
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

static void do_hkeys(struct call *call)
{
    reply_all(call, NAMES);
}

static void do_hvals(struct call *call)
{
    reply_all(call, VALUES);
}

const struct command hgetall_command = {
    .name = "hgetall",
    .usage = "key:key",
    .summary = "Answers all fields with their values.",
    .since = "2.0.0",
    .complexity = "O(N) with N the fields",
    .tips = "nondeterministic_output_order",
    .group = GROUP_HASH,
    .arity = 2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_hgetall,
};
const struct command hkeys_command = {
    .name = "hkeys",
    .usage = "key:key",
    .summary = "Answers the names of all fields.",
    .since = "2.0.0",
    .complexity = "O(N) with N the fields",
    .tips = "nondeterministic_output_order",
    .group = GROUP_HASH,
    .arity = 2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_hkeys,
};
const struct command hvals_command = {
    .name = "hvals",
    .usage = "key:key",
    .summary = "Answers the values of all fields.",
    .since = "2.0.0",
    .complexity = "O(N) with N the fields",
    .tips = "nondeterministic_output_order",
    .group = GROUP_HASH,
    .arity = 2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_hvals,
};

static void do_hdel(struct call *call)
{
    struct entry *e;
    size_t n = 0;
    if (!hash_args_write(call, call->argv[1], &e))
        return;
    /* Which of them were there matters only to those who are told of fields. */
    struct bytes *gone =
        db_tells_fields(call->store) ? mem_alloc((size_t)call->argc * sizeof(*gone)) : NULL;
    for (int i = 2; e && i < call->argc; i++)
        if (hash_args_remove(e, call->argv[i])) {
            if (gone)
                gone[n] = call->argv[i];
            n++;
        }
    if (n)
        hash_args_shrunk(call, e, "hdel", (struct db_fields){gone, n, 1});
    mem_free(gone);
    reply_int(call->reply, (long long)n);
}

const struct command hdel_command = {
    .name = "hdel",
    .usage = "key:key field:string...",
    .summary = "Deletes fields of a hash.",
    .since = "2.0.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -3,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_hdel,
};

static void do_hincrby(struct call *call)
{
    struct entry *e;
    struct hash_field f;
    long long by, v = 0;
    char text[NUM_INT_MAX];
    if (!call_int(call, 3, &by) || !hash_args_write(call, call->argv[1], &e))
        return;
    bool there = e && hash_args_find(call, value_object(e), call->argv[2], &f);
    if (there && !num_parse_int(f.value, &v)) {
        reply_errorf(call->reply, "ERR hash value is not an integer");
        return;
    }
    if (!num_add(v, by, &v)) {
        call_error(call, ERR_OVERFLOW);
        return;
    }
    if (!e && !hash_args_ensure(call, call->argv[1], &e))
        return;
    hash_args_set(call, e, call->argv[2], bytes_of(text, num_print_int(text, v)), HASH_KEEP_TTL);
    hash_args_grown(call, e, "hincrby", (struct db_fields){call->argv + 2, 1, 1});
    reply_int(call->reply, v);
}

static void do_hincrbyfloat(struct call *call)
{
    struct entry *e;
    struct hash_field f;
    long double by, v = 0;
    char text[NUM_LONG_MAX];
    if (!num_parse_long_double(call->argv[3], &by)) {
        call_error(call, ERR_NOT_FLOAT);
        return;
    }
    if (isinf(by)) {
        reply_errorf(call->reply, "ERR value is NaN or Infinity");
        return;
    }
    if (!hash_args_write(call, call->argv[1], &e))
        return;
    bool there = e && hash_args_find(call, value_object(e), call->argv[2], &f);
    if (there && !num_parse_long_double(f.value, &v)) {
        reply_errorf(call->reply, "ERR hash value is not a float");
        return;
    }
    v += by;
    if (isnan(v) || isinf(v)) {
        call_error(call, ERR_NAN_OR_INF);
        return;
    }
    if (!e && !hash_args_ensure(call, call->argv[1], &e))
        return;
    struct bytes now = {text, num_print_long_double(text, v)};
    bool timed = there && f.deadline_ms >= 0;
    int64_t deadline_ms = timed ? f.deadline_ms : HASH_NO_TTL;
    char at[NUM_INT_MAX];
    hash_args_set(call, e, call->argv[2], now, HASH_KEEP_TTL);
    CALL_EFFECT(call, BYTES("HSET"), call->argv[1], call->argv[2], now);
    if (timed)
        CALL_EFFECT(call, BYTES("HPEXPIREAT"), call->argv[1],
                    bytes_of(at, num_print_int(at, deadline_ms)), BYTES("FIELDS"), BYTES("1"),
                    call->argv[2]);
    hash_args_grown(call, e, "hincrbyfloat", (struct db_fields){call->argv + 2, 1, 1});
    reply_bulk(call->reply, now);
}

const struct command hincrby_command = {
    .name = "hincrby",
    .usage = "key:key field:string increment:int",
    .summary = "Adds to the integer in a field.",
    .since = "2.0.0",
    .complexity = "O(1)",
    .group = GROUP_HASH,
    .arity = 4,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    .handler = do_hincrby,
};
const struct command hincrbyfloat_command = {
    .name = "hincrbyfloat",
    .usage = "key:key field:string increment:double",
    .summary = "Adds to the number in a field.",
    .since = "2.6.0",
    .complexity = "O(1)",
    .group = GROUP_HASH,
    .arity = 4,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    .handler = do_hincrbyfloat,
};
