/* Strings changed in place: numbers, parts, appended bytes. */
#include "commands/index.h"

#include "type/string.h"

#include <limits.h>
#include <math.h>

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
    .summary = "Adds one to the integer under a key.",
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
    .summary = "Takes one from the integer under a key.",
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
    .summary = "Adds to the integer under a key.",
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
    .summary = "Takes from the integer under a key.",
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
    .summary = "Adds to the number under a key.",
    .since = "2.6.0",
    .complexity = "O(1)",
    .group = GROUP_STRING,
    .arity = 3,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    .handler = do_incrbyfloat,
};

/* The new length; false after an error. */
static bool length_fits(struct call *call, size_t a, size_t b)
{
    if (call_is_replay(call))
        return true;
    long long limit = call->engine->settings->proto_max_bulk_len;
    if (a <= (size_t)limit && b <= (size_t)limit - a)
        return true;
    call_error(call, ERR_TOO_LONG);
    return false;
}

static void do_append(struct call *call)
{
    struct bytes key = call->argv[1], more = call->argv[2];
    struct entry *e;
    size_t n = more.n;
    if (!call_write(call, key, TYPE_STRING, &e))
        return;
    if (!e) {
        db_add(call->db, string_new(key, more));
    } else {
        bool had = e->has_ttl;
        size_t old = string_length(e);
        if (!length_fits(call, old, more.n))
            return;
        n += old;
        db_put_back(call->db, e, string_splice(e, old, more), had);
    }
    db_changed(call->db, key, DB_EVENT_STRING, "append");
    reply_int(call->reply, (long long)n);
}

const struct command append_command = {
    .name = "append",
    .usage = "key:key value:string",
    .summary = "Puts bytes behind the string under a key, made when absent.",
    .since = "2.0.0",
    .complexity = "O(1), amortized over growth",
    .group = GROUP_STRING,
    .arity = 3,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_append,
};

static void do_strlen(struct call *call)
{
    struct entry *e;
    if (call_read(call, call->argv[1], TYPE_STRING, &e))
        reply_int(call->reply, e ? (long long)string_length(e) : 0);
}

const struct command strlen_command = {
    .name = "strlen",
    .usage = "key:key",
    .summary = "Answers the length of the string under a key.",
    .since = "2.2.0",
    .complexity = "O(1)",
    .group = GROUP_STRING,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO)},
    .handler = do_strlen,
};

static void do_setrange(struct call *call)
{
    struct bytes key = call->argv[1], part = call->argv[3];
    struct entry *e;
    long long offset;
    if (!call_int(call, 2, &offset))
        return;
    if (offset < 0) {
        call_error(call, ERR_OFFSET_RANGE);
        return;
    }
    if (!call_write(call, key, TYPE_STRING, &e))
        return;
    if (part.n == 0) {
        reply_int(call->reply, e ? (long long)string_length(e) : 0);
        return;
    }
    if (!length_fits(call, (size_t)offset, part.n))
        return;
    if (!e) {
        e = entry_new_inline(key, VALUE_TEXT, bytes_of(NULL, 0));
        db_add(call->db, e);
    }
    bool had = e->has_ttl;
    struct entry *now = string_splice(e, (size_t)offset, part);
    db_put_back(call->db, e, now, had);
    db_changed(call->db, key, DB_EVENT_STRING, "setrange");
    reply_int(call->reply, (long long)string_length(now));
}

const struct command setrange_command = {
    .name = "setrange",
    .usage = "key:key offset:int value:string",
    .summary = "Overwrites part of the string under a key, zero bytes filling a gap.",
    .since = "2.2.0",
    .complexity = "O(1) for short values, else O(M) with M the length of the value",
    .group = GROUP_STRING,
    .arity = 4,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_setrange,
};

static void do_getrange(struct call *call)
{
    struct entry *e;
    long long from, to;
    char scratch[NUM_INT_MAX];
    if (!call_int(call, 2, &from) || !call_int(call, 3, &to) ||
        !call_read(call, call->argv[1], TYPE_STRING, &e))
        return;
    struct bytes all = e ? string_view(e, scratch) : bytes_of("", 0);
    long long n = (long long)all.n;
    if (from < 0 && to < 0 && from > to) {
        reply_bulk(call->reply, bytes_of("", 0));
        return;
    }
    from = from < 0 ? (from + n < 0 ? 0 : from + n) : from;
    to = to < 0 ? (to + n < 0 ? 0 : to + n) : to;
    if (to >= n)
        to = n - 1;
    if (n == 0 || from > to)
        reply_bulk(call->reply, bytes_of("", 0));
    else
        reply_bulk(call->reply, bytes_of(all.p + from, (size_t)(to - from + 1)));
}

const struct command getrange_command = {
    .name = "getrange",
    .usage = "key:key start:int end:int",
    .summary = "Answers a part of the string under a key.",
    .since = "2.4.0",
    .complexity = "O(N) with N the length of the part",
    .group = GROUP_STRING,
    .arity = 4,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_getrange,
};
const struct command substr_command = {
    .name = "substr",
    .usage = "key:key start:int end:int",
    .summary = "The old name of GETRANGE.",
    .since = "1.0.0",
    .complexity = "O(N) with N the length of the part",
    .group = GROUP_STRING,
    .arity = 4,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_getrange,
};
