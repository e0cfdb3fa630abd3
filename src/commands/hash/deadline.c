/* Deadlines of fields: HEXPIRE and its kin, HGETEX, HSETEX, HGETDEL. */
#include "commands/index.h"

#include "base/mem.h"
#include "base/num.h"
#include "commands/deadline.h"
#include "commands/hash/hash_args.h"

/* "FIELDS n field..." from argument `at` on, `width` arguments each. */
static bool fields_at(struct call *call, int at, int width, int *first, int *n)
{
    long long count;
    if (at + 1 >= call->argc || !bytes_is(call->argv[at], "fields")) {
        reply_errorf(call->reply, "ERR Mandatory argument FIELDS is missing or not at the right "
                                  "position");
        return false;
    }
    if (!num_parse_int(call->argv[at + 1], &count) || count < 1 || count > INT32_MAX) {
        reply_errorf(call->reply, "ERR Parameter `numFields` should be greater than 0");
        return false;
    }
    if (count != (call->argc - at - 2) / width || (call->argc - at - 2) % width) {
        reply_errorf(call->reply,
                     "ERR The `numfields` parameter must match the number of arguments");
        return false;
    }
    *first = at + 2;
    *n = (int)count;
    return true;
}

/* A command for the journal that names some of the fields of this one. */
struct some_fields {
    struct bytes *argv;
    int head, n;
};

static void some_begin(struct some_fields *s, int most, const struct bytes *head, int n)
{
    s->argv = mem_alloc((size_t)(n + most) * sizeof(*s->argv));
    memcpy(s->argv, head, (size_t)n * sizeof(*head));
    s->head = s->n = n;
}

/* Journals it, if it names any; `count`: room for the number of fields, if the command has it. */
static struct db_fields some_effect(struct call *call, struct some_fields *s, char *count)
{
    int n = s->n - s->head;
    if (n) {
        /* Where the number of fields stands, if it stands there, is just in front of them. */
        if (count)
            s->argv[s->head - 1] = bytes_of(count, num_print_int(count, n));
        call_effect(call, s->argv, s->n);
    }
    return (struct db_fields){s->argv + s->head, (size_t)n, 1};
}

static void some_end(struct some_fields *s)
{
    mem_free(s->argv);
}

enum condition { ALWAYS, ONLY_NEW, ONLY_OLD, ONLY_LATER, ONLY_EARLIER };

static bool parse_condition(struct bytes word, enum condition *out)
{
    static const char *const words[] = {"", "nx", "xx", "gt", "lt"};
    for (int i = ONLY_NEW; i <= ONLY_EARLIER; i++)
        if (bytes_is(word, words[i])) {
            *out = (enum condition)i;
            return true;
        }
    return false;
}

static bool condition_holds(enum condition c, int64_t had_ms, int64_t at_ms)
{
    switch (c) {
    case ONLY_NEW:
        return had_ms < 0;
    case ONLY_OLD:
        return had_ms >= 0;
    case ONLY_LATER:
        return had_ms >= 0 && at_ms > had_ms;
    case ONLY_EARLIER:
        return had_ms < 0 || at_ms < had_ms;
    default:
        return true;
    }
}

/* The deadline in ms; false after the error reply. */
static bool parse_at(struct call *call, int i, bool seconds, bool absolute, int64_t *out)
{
    long long v;
    if (!call_int(call, i, &v))
        return false;
    if (v < 0) {
        reply_errorf(call->reply, "ERR invalid expire time, must be >= 0");
        return false;
    }
    if ((seconds && !num_mul(v, 1000, &v)) || (!absolute && !num_add(v, call->now_ms, &v)) ||
        v >= INT64_MAX / 2) {
        reply_errorf(call->reply, "ERR invalid expire time in '%s' command", call->command->name);
        return false;
    }
    *out = v;
    return true;
}

/* Gives a deadline to a field: -2 no such field, 0 the condition does not hold, 1 set, 2 it has
 * passed and the field is gone. */
static int set_deadline(struct call *call, struct entry *e, struct bytes name, enum condition c,
                        int64_t at_ms)
{
    struct hash *h = value_object(e);
    struct hash_field f;
    int result = 1;
    if (!hash_args_find(call, h, name, &f))
        return -2;
    if (!condition_holds(c, f.deadline_ms, at_ms))
        return 0;
    if (at_ms <= call->now_ms && !call_is_replay(call)) {
        hash_remove(&h, name);
        result = 2;
    } else {
        hash_set_deadline(&h, name, at_ms);
    }
    value_moved(e, h);
    return result;
}

/* Fields of the request, `width` arguments apart. */
struct run_of_fields {
    int first, n, width;
};

/* Gives fields a deadline, as far as the condition holds, and journals what came of it; those whose
 * deadline has passed go. */
static void time_fields(struct call *call, struct entry *e, const struct run_of_fields *run,
                        enum condition c, int64_t at_ms, bool answers)
{
    struct some_fields kept, dropped;
    char text[NUM_INT_MAX], count[NUM_INT_MAX];
    struct bytes at = {text, num_print_int(text, at_ms)};
    struct bytes expire_head[] = {BYTES("HPEXPIREAT"), call->argv[1], at, BYTES("FIELDS"),
                                  BYTES("")};
    struct bytes delete_head[] = {BYTES("HDEL"), call->argv[1]};
    some_begin(&kept, run->n, expire_head, 5);
    some_begin(&dropped, run->n, delete_head, 2);
    for (int i = 0; i < run->n; i++) {
        struct bytes name = call->argv[run->first + i * run->width];
        int result = set_deadline(call, e, name, c, at_ms);
        if (answers)
            reply_int(call->reply, result);
        if (result == 1)
            kept.argv[kept.n++] = name;
        else if (result == 2)
            dropped.argv[dropped.n++] = name;
    }
    struct db_fields set = some_effect(call, &kept, count);
    struct db_fields gone = some_effect(call, &dropped, NULL);
    if (set.n || gone.n)
        db_note_fields(call->db, e);
    if (set.n)
        hash_args_grown(call, e, "hexpire", set);
    if (gone.n)
        hash_args_shrunk(call, e, "hdel", gone);
    some_end(&kept);
    some_end(&dropped);
}

static void expire(struct call *call, bool seconds, bool absolute)
{
    enum condition c = ALWAYS;
    int64_t at_ms;
    struct entry *e;
    struct run_of_fields run = {.width = 1};
    int at = 3 + parse_condition(call->argv[3], &c);
    if (!hash_args_write(call, call->argv[1], &e) ||
        !parse_at(call, 2, seconds, absolute, &at_ms) ||
        !fields_at(call, at, 1, &run.first, &run.n))
        return;
    reply_array(call->reply, (size_t)run.n);
    if (e)
        time_fields(call, e, &run, c, at_ms, true);
    for (int i = 0; !e && i < run.n; i++)
        reply_int(call->reply, -2);
}

static void do_hexpire(struct call *call)
{
    expire(call, true, false);
}

static void do_hpexpire(struct call *call)
{
    expire(call, false, false);
}

static void do_hexpireat(struct call *call)
{
    expire(call, true, true);
}

static void do_hpexpireat(struct call *call)
{
    expire(call, false, true);
}

const struct command hexpire_command = {
    .name = "hexpire",
    .usage = "key:key seconds:int [<NX | XX | GT | LT>] FIELDS numfields:int field:string...",
    .summary = "Gives fields a deadline, seconds from now.",
    .since = "7.4.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -6,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_hexpire,
};
const struct command hpexpire_command = {
    .name = "hpexpire",
    .usage = "key:key milliseconds:int [<NX | XX | GT | LT>] FIELDS numfields:int field:string...",
    .summary = "Gives fields a deadline, milliseconds from now.",
    .since = "7.4.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -6,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_hpexpire,
};
const struct command hexpireat_command = {
    .name = "hexpireat",
    .usage = "key:key unix-time-seconds:unix-time [<NX | XX | GT | LT>] FIELDS numfields:int "
             "field:string...",
    .summary = "Gives fields a deadline, in seconds since 1970.",
    .since = "7.4.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -6,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_hexpireat,
};
const struct command hpexpireat_command = {
    .name = "hpexpireat",
    .usage = "key:key unix-time-milliseconds:unix-time [<NX | XX | GT | LT>] FIELDS numfields:int "
             "field:string...",
    .summary = "Gives fields a deadline, in milliseconds since 1970.",
    .since = "7.4.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -6,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_hpexpireat,
};

static void reply_deadlines(struct call *call, bool seconds, bool absolute)
{
    struct hash *h;
    struct hash_field f;
    int first, n;
    if (!hash_args_read(call, call->argv[1], &h) || !fields_at(call, 2, 1, &first, &n))
        return;
    reply_array(call->reply, (size_t)n);
    for (int i = first; i < first + n; i++) {
        if (!h || !hash_args_find(call, h, call->argv[i], &f)) {
            reply_int(call->reply, -2);
            continue;
        }
        if (f.deadline_ms < 0) {
            reply_int(call->reply, -1);
            continue;
        }
        int64_t v = absolute ? f.deadline_ms : num_minus(f.deadline_ms, call->now_ms);
        if (v < 0)
            v = 0;
        reply_int(call->reply, seconds ? (v + 999) / 1000 : v);
    }
}

static void do_httl(struct call *call)
{
    reply_deadlines(call, true, false);
}

static void do_hpttl(struct call *call)
{
    reply_deadlines(call, false, false);
}

static void do_hexpiretime(struct call *call)
{
    reply_deadlines(call, true, true);
}

static void do_hpexpiretime(struct call *call)
{
    reply_deadlines(call, false, true);
}

const struct command httl_command = {
    .name = "httl",
    .usage = "key:key FIELDS numfields:int field:string...",
    .summary = "Answers how many seconds fields have left.",
    .since = "7.4.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -5,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_httl,
};
const struct command hpttl_command = {
    .name = "hpttl",
    .usage = "key:key FIELDS numfields:int field:string...",
    .summary = "Answers how many milliseconds fields have left.",
    .since = "7.4.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -5,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_hpttl,
};
const struct command hexpiretime_command = {
    .name = "hexpiretime",
    .usage = "key:key FIELDS numfields:int field:string...",
    .summary = "Answers the deadlines of fields in seconds since 1970.",
    .since = "7.4.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -5,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_hexpiretime,
};
const struct command hpexpiretime_command = {
    .name = "hpexpiretime",
    .usage = "key:key FIELDS numfields:int field:string...",
    .summary = "Answers the deadlines of fields in milliseconds since 1970.",
    .since = "7.4.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -5,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_hpexpiretime,
};

/* Takes the deadlines of fields away; answers -2, -1 or 1 for each when `answers`. */
static void persist(struct call *call, struct entry *e, int first, int n, bool answers)
{
    struct some_fields kept;
    struct hash_field f;
    char count[NUM_INT_MAX];
    struct bytes head[] = {BYTES("HPERSIST"), call->argv[1], BYTES("FIELDS"), BYTES("")};
    some_begin(&kept, n, head, 4);
    for (int i = first; i < first + n; i++) {
        int result = !e || !hash_args_find(call, value_object(e), call->argv[i], &f) ? -2
                     : f.deadline_ms < 0                                             ? -1
                                                                                     : 1;
        if (result == 1) {
            struct hash *h = value_object(e);
            hash_set_deadline(&h, call->argv[i], HASH_NO_TTL);
            value_moved(e, h);
            kept.argv[kept.n++] = call->argv[i];
        }
        if (answers)
            reply_int(call->reply, result);
    }
    struct db_fields any = some_effect(call, &kept, count);
    if (any.n) {
        db_note_fields(call->db, e);
        hash_args_grown(call, e, "hpersist", any);
    }
    some_end(&kept);
}

static void do_hpersist(struct call *call)
{
    struct entry *e;
    int first, n;
    if (!hash_args_write(call, call->argv[1], &e) || !fields_at(call, 2, 1, &first, &n))
        return;
    reply_array(call->reply, (size_t)n);
    persist(call, e, first, n, true);
}

const struct command hpersist_command = {
    .name = "hpersist",
    .usage = "key:key FIELDS numfields:int field:string...",
    .summary = "Takes the deadlines of fields away.",
    .since = "7.4.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -5,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_hpersist,
};

static void reply_values(struct call *call, const struct entry *e, int first, int n)
{
    struct hash_field f;
    reply_array(call->reply, (size_t)n);
    for (int i = first; i < first + n; i++) {
        if (e && hash_args_find(call, value_object(e), call->argv[i], &f))
            reply_bulk(call->reply, f.value);
        else
            reply_null(call->reply);
    }
}

static void do_hgetdel(struct call *call)
{
    struct entry *e;
    struct some_fields dropped;
    int first, n;
    if (!hash_args_write(call, call->argv[1], &e) || !fields_at(call, 2, 1, &first, &n))
        return;
    reply_values(call, e, first, n);
    if (!e)
        return;
    struct bytes head[] = {BYTES("HDEL"), call->argv[1]};
    some_begin(&dropped, n, head, 2);
    for (int i = first; i < first + n; i++)
        if (hash_args_remove(e, call->argv[i]))
            dropped.argv[dropped.n++] = call->argv[i];
    struct db_fields any = some_effect(call, &dropped, NULL);
    if (any.n)
        hash_args_shrunk(call, e, "hdel", any);
    some_end(&dropped);
}

const struct command hgetdel_command = {
    .name = "hgetdel",
    .usage = "key:key FIELDS numfields:int field:string...",
    .summary = "Answers fields and deletes them.",
    .since = "8.0.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -5,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_hgetdel,
};

struct options {
    bool timed, keep, persist, only_new, only_old;
    int64_t at_ms;
};

/* EX, PX, EXAT, PXAT and one more word about deadlines; FNX and FXX where they are known. Stops at
 * FIELDS. */
static bool parse_options(struct call *call, int *at, bool sets, struct options *o)
{
    *o = (struct options){0};
    for (; *at < call->argc && !bytes_is(call->argv[*at], "fields"); ++*at) {
        struct bytes word = call->argv[*at];
        struct deadline d;
        bool free_ = !o->timed && !o->keep && !o->persist;
        if (free_ && deadline_word(word, &d) && *at + 1 < call->argc) {
            if (!parse_at(call, ++*at, d.seconds, d.absolute, &o->at_ms))
                return false;
            o->timed = true;
        } else if (free_ && sets && bytes_is(word, "keepttl")) {
            o->keep = true;
        } else if (free_ && !sets && bytes_is(word, "persist")) {
            o->persist = true;
        } else if (sets && bytes_is(word, "fnx") && !o->only_old && !o->only_new) {
            o->only_new = true;
        } else if (sets && bytes_is(word, "fxx") && !o->only_old && !o->only_new) {
            o->only_old = true;
        } else {
            call_error(call, ERR_SYNTAX);
            return false;
        }
    }
    return true;
}

static void do_hgetex(struct call *call)
{
    struct entry *e;
    struct options o;
    int first, n, at = 2;
    if (!hash_args_write(call, call->argv[1], &e) || !parse_options(call, &at, false, &o) ||
        !fields_at(call, at, 1, &first, &n))
        return;
    reply_values(call, e, first, n);
    if (!e)
        return;
    if (o.timed)
        time_fields(call, e, &(struct run_of_fields){first, n, 1}, ALWAYS, o.at_ms, false);
    else if (o.persist)
        persist(call, e, first, n, false);
}

static void do_hsetex(struct call *call)
{
    struct entry *e;
    struct options o;
    struct hash_field f;
    int first, n, at = 2;
    if (!hash_args_write(call, call->argv[1], &e) || !parse_options(call, &at, true, &o) ||
        !fields_at(call, at, 2, &first, &n))
        return;
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
    if (!o.keep) {
        struct bytes *argv = mem_alloc(((size_t)n * 2 + 2) * sizeof(*argv));
        argv[0] = BYTES("HSET");
        argv[1] = call->argv[1];
        memcpy(argv + 2, call->argv + first, (size_t)n * 2 * sizeof(*argv));
        call_effect(call, argv, 2 * n + 2);
        mem_free(argv);
    }
    hash_args_grown(call, e, "hset", (struct db_fields){call->argv + first, (size_t)n, 2});
    if (o.timed)
        time_fields(call, e, &(struct run_of_fields){first, n, 2}, ALWAYS, o.at_ms, false);
    reply_int(call->reply, 1);
}

const struct command hgetex_command = {
    .name = "hgetex",
    .usage =
        "key:key [<EX seconds:int | PX milliseconds:int | EXAT unix-time-seconds:unix-time | PXAT "
        "unix-time-milliseconds:unix-time | PERSIST>] FIELDS numfields:int field:string...",
    .summary = "Answers fields and sets or clears their deadlines.",
    .since = "8.0.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -5,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    .handler = do_hgetex,
};
const struct command hsetex_command = {
    .name = "hsetex",
    .usage = "key:key [<FNX | FXX>] [<EX seconds:int | PX milliseconds:int | EXAT "
             "unix-time-seconds:unix-time | PXAT unix-time-milliseconds:unix-time | KEEPTTL>] "
             "FIELDS numfields:int (field:string value:string)...",
    .summary = "Sets fields together with their deadline.",
    .since = "8.0.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -6,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_hsetex,
};
