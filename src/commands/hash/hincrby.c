/* HINCRBY and HINCRBYFLOAT. The field keeps its TTL. The float form journals its result, as
 * INCRBYFLOAT does. */
#include "commands/index.h"

#include "base/num.h"
#include "commands/hash/field_ttl.h"
#include "commands/hash/hash_args.h"

#include <math.h>

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

const struct command hincrby_command = {
    .name = "hincrby",
    .usage = "key:key field:string increment:int",
    .summary = "Increments the integer in a field.",
    .since = "2.0.0",
    .complexity = "O(1)",
    .group = GROUP_HASH,
    .arity = 4,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    .handler = do_hincrby,
};

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
    /* In replay HSET removes the TTL, so this must be journalled after it. */
    bool timed = there && f.deadline_ms >= 0;
    int64_t deadline_ms = timed ? f.deadline_ms : HASH_NO_TTL;
    hash_args_set(call, e, call->argv[2], now, HASH_KEEP_TTL);
    CALL_EFFECT(call, BYTES("HSET"), call->argv[1], call->argv[2], now);
    if (timed)
        field_ttl_tell(call, call->argv[2], deadline_ms);
    hash_args_grown(call, e, "hincrbyfloat", (struct db_fields){call->argv + 2, 1, 1});
    reply_bulk(call->reply, now);
}

const struct command hincrbyfloat_command = {
    .name = "hincrbyfloat",
    .usage = "key:key field:string increment:double",
    .summary = "Increments the floating-point number in a field.",
    .since = "2.6.0",
    .complexity = "O(1)",
    .group = GROUP_HASH,
    .arity = 4,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    .handler = do_hincrbyfloat,
};
