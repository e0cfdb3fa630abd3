/* INCR, DECR, INCRBY, DECRBY, INCRBYFLOAT: strings as numbers. An absent key counts as 0, and the
 * TTL is kept. The float form journals its result, since the sum might differ elsewhere. */
#include "commands/index.h"

#include "type/string.h"

#include <limits.h>
#include <math.h>

/* An integer is stored as such (string_set_int()), without making text. */
static void add(struct call *call, long long by)
{
    struct bytes key = call->argv[1];
    struct entry *e;
    long long v = 0;
    if (!call_write(call, key, TYPE_STRING, &e))
        return;
    if (e && !string_as_int(e, &v)) {
        call_error(call, ERR_NOT_INT);
        return;
    }
    if (!num_add(v, by, &v)) {
        call_error(call, ERR_OVERFLOW);
        return;
    }
    if (e) {
        bool had = e->has_ttl;
        db_put_back(call->db, e, string_set_int(e, v), had);
    } else {
        db_add(call->db, string_new_int(key, v));
    }
    db_changed(call->db, key, DB_EVENT_STRING, "incrby");
    reply_int(call->reply, v);
}

static void do_incr(struct call *call)
{
    add(call, 1);
}

const struct command incr_command = {
    .name = "incr",
    .usage = "key:key",
    .summary = "Increments the integer value of a key by one.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_STRING,
    .arity = 2,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    .handler = do_incr,
};

static void do_decr(struct call *call)
{
    add(call, -1);
}

const struct command decr_command = {
    .name = "decr",
    .usage = "key:key",
    .summary = "Decrements the integer value of a key by one.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_STRING,
    .arity = 2,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    .handler = do_decr,
};

static void do_incrby(struct call *call)
{
    long long by;
    if (call_int(call, 2, &by))
        add(call, by);
}

const struct command incrby_command = {
    .name = "incrby",
    .usage = "key:key increment:int",
    .summary = "Increments the integer value of a key.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_STRING,
    .arity = 3,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    .handler = do_incrby,
};

static void do_decrby(struct call *call)
{
    long long by;
    if (!call_int(call, 2, &by))
        return;
    if (by == LLONG_MIN)
        reply_errorf(call->reply, "ERR decrement would overflow");
    else
        add(call, -by);
}

const struct command decrby_command = {
    .name = "decrby",
    .usage = "key:key decrement:int",
    .summary = "Decrements the integer value of a key.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_STRING,
    .arity = 3,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    .handler = do_decrby,
};

static void do_incrbyfloat(struct call *call)
{
    struct bytes key = call->argv[1];
    struct entry *e;
    long double v = 0, by;
    char scratch[NUM_INT_MAX], text[NUM_LONG_MAX];
    if (!call_write(call, key, TYPE_STRING, &e))
        return;
    if ((e && !num_parse_long_double(string_view(e, scratch), &v)) ||
        !num_parse_long_double(call->argv[2], &by)) {
        call_error(call, ERR_NOT_FLOAT);
        return;
    }
    v += by;
    if (isnan(v) || isinf(v)) {
        call_error(call, ERR_NAN_OR_INF);
        return;
    }
    struct bytes now = {text, num_print_long_double(text, v)};
    if (e) {
        bool had = e->has_ttl;
        db_put_back(call->db, e, string_set(e, now), had);
    } else {
        db_add(call->db, string_new(key, now));
    }
    CALL_EFFECT(call, BYTES("SET"), key, now, BYTES("KEEPTTL"));
    db_changed(call->db, key, DB_EVENT_STRING, "incrbyfloat");
    reply_bulk(call->reply, now);
}

const struct command incrbyfloat_command = {
    .name = "incrbyfloat",
    .usage = "key:key increment:double",
    .summary = "Increments the floating-point value of a key.",
    .since = "2.6.0",
    .complexity = "O(1)",
    .group = GROUP_STRING,
    .arity = 3,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    .handler = do_incrbyfloat,
};
