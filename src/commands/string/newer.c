/* Later additions: DELEX, DELIFEQ, DIGEST, MSETEX, INCREX. */
#include "commands/index.h"

#include "command/keys.h"
#include "commands/deadline.h"
#include "commands/string/condition.h"
#include "commands/string_args.h"

#include <math.h>

static void delete_it(struct call *call)
{
    struct bytes key = call->argv[1];
    db_delete(call->db, key);
    CALL_EFFECT(call, BYTES("DEL"), key);
    db_changed(call->db, key, DB_EVENT_GENERIC, "del");
    db_ready(call->db, key);
    reply_int(call->reply, 1);
}

static void delete_if(struct call *call, const struct condition *c)
{
    struct entry *e = db_write(call->db, call->argv[1]);
    /* The condition on a key that is not there is not even looked at. */
    if (!e)
        reply_int(call->reply, 0);
    else if (c->given && value_type(e) != TYPE_STRING)
        call_error(call, ERR_WRONGTYPE);
    else if (!condition_check(call, c))
        return;
    else if (condition_holds(c, e))
        delete_it(call);
    else
        reply_int(call->reply, 0);
}

static void do_delex(struct call *call)
{
    struct condition c = {0};
    if (call->argc != 2 && (call->argc != 4 || !condition_word(call->argv[2], &c))) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if (c.given)
        c.operand = call->argv[3];
    delete_if(call, &c);
}

static void do_delifeq(struct call *call)
{
    struct condition c = {.given = true, .equal = true, .operand = call->argv[2]};
    delete_if(call, &c);
}

static void do_digest(struct call *call)
{
    struct entry *e;
    char scratch[NUM_INT_MAX], text[CONDITION_DIGEST];
    if (!call_read(call, call->argv[1], TYPE_STRING, &e))
        return;
    if (!e) {
        reply_null(call->reply);
        return;
    }
    condition_digest(string_view(e, scratch), text);
    reply_bulk(call->reply, bytes_of(text, sizeof(text)));
}

/* A condition tells what was there. */
static void find_delex_keys(struct keys *to, const struct bytes *argv, int argc)
{
    (void)argv;
    keys_add(to, 1, argc > 2 ? KEY_RW | KEY_ACCESS | KEY_DELETE : KEY_RM | KEY_DELETE);
}

const struct command delex_command = {
    .name = "delex",
    .usage = "key:key [<IFEQ value:string | IFNE value:string | IFDEQ digest:string | IFDNE "
             "digest:string>]",
    .summary = "Deletes a key, if its string is what is expected.",
    .since = "8.4.0",
    .complexity = "O(1)",
    .group = GROUP_STRING,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE | KEY_VARIABLE_FLAGS)},
    .find_keys = find_delex_keys,
    .handler = do_delex,
};
const struct command delifeq_command = {
    .name = "delifeq",
    .usage = "key:key value:string",
    .summary = "Deletes a key if its string is what is expected.",
    .since = "9.0.0",
    .complexity = "O(1)",
    .group = GROUP_STRING,
    .arity = 3,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_delifeq,
};
const struct command digest_command = {
    .name = "digest",
    .usage = "key:key",
    .summary = "Answers the XXH3 digest of a string.",
    .since = "8.4.0",
    .complexity = "O(N) with N its length",
    .group = GROUP_STRING,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_digest,
};

struct expiry {
    bool timed, keep, persist, only_without;
    struct deadline at;
};

/* One of EX, PX, EXAT, PXAT, or (as allowed) KEEPTTL or PERSIST at *i, which it moves on. */
static bool parse_expiry(struct call *call, int *i, struct expiry *x)
{
    struct bytes word = call->argv[*i];
    struct deadline d;
    if (x->timed || x->keep || x->persist)
        return false;
    if (bytes_is(word, "keepttl")) {
        x->keep = true;
    } else if (bytes_is(word, "persist")) {
        x->persist = true;
    } else if (deadline_word(word, &d) && *i + 1 < call->argc) {
        x->timed = true;
        x->at = d;
        x->at.argument = ++*i;
    } else {
        return false;
    }
    return true;
}

static void journal_set(struct call *call, struct bytes key, struct bytes value, int64_t at_ms,
                        bool keep)
{
    char text[NUM_INT_MAX];
    if (at_ms >= 0)
        CALL_EFFECT(call, BYTES("SET"), key, value, BYTES("PXAT"),
                    bytes_of(text, num_print_int(text, at_ms)));
    else if (keep)
        CALL_EFFECT(call, BYTES("SET"), key, value, BYTES("KEEPTTL"));
    else
        CALL_EFFECT(call, BYTES("SET"), key, value);
}

/* Puts a string; at_ms < 0: no deadline, unless that of the key is kept. */
static void put(struct call *call, struct bytes key, struct bytes value, int64_t at_ms, bool keep)
{
    struct entry *e = db_write(call->db, key);
    if (e)
        db_overwritten(call->db, key, value_type(e), TYPE_STRING);
    if (e && value_type(e) != TYPE_STRING) {
        struct entry *fresh = string_new(key, value);
        int64_t kept_ms = keep ? entry_deadline_ms(e) : -1;
        if (kept_ms >= 0)
            fresh = entry_set_deadline(fresh, kept_ms);
        db_replace(call->db, e, fresh);
        db_ready(call->db, key);
    } else {
        string_args_put(call, key, e, value);
    }
    e = db_write(call->db, key);
    if (at_ms >= 0 || (!keep && e->has_ttl))
        db_set_deadline(call->db, e, at_ms);
    journal_set(call, key, value, at_ms, keep);
    db_changed(call->db, key, DB_EVENT_STRING, "set");
    if (at_ms >= 0)
        db_notify(call->db, key, DB_EVENT_GENERIC, "expire");
}

static void do_msetex(struct call *call)
{
    long long n;
    struct expiry x = {0};
    bool only_new = false, only_old = false;
    if (!num_parse_int(call->argv[1], &n) || n < 1 || n > INT32_MAX) {
        reply_errorf(call->reply, "ERR invalid numkeys value");
        return;
    }
    if (n > (call->argc - 2) / 2) {
        reply_errorf(call->reply, "ERR wrong number of key-value pairs");
        return;
    }
    for (int i = 2 + 2 * (int)n; i < call->argc; i++) {
        if (bytes_is(call->argv[i], "nx") && !only_old) {
            only_new = true;
        } else if (bytes_is(call->argv[i], "xx") && !only_new) {
            only_old = true;
        } else if (!parse_expiry(call, &i, &x) || x.persist) {
            call_error(call, ERR_SYNTAX);
            return;
        }
    }
    if (x.timed && !deadline_parse(call, &x.at))
        return;
    for (int i = 0; i < n; i++) {
        bool there = db_write(call->db, call->argv[2 + 2 * i]) != NULL;
        if ((there && only_new) || (!there && only_old)) {
            reply_int(call->reply, 0);
            return;
        }
    }
    for (int i = 0; i < n; i++)
        put(call, call->argv[2 + 2 * i], call->argv[3 + 2 * i], x.timed ? x.at.at_ms : -1, x.keep);
    reply_int(call->reply, 1);
}

const struct command msetex_command = {
    .name = "msetex",
    .usage =
        "numkeys:int (key:key value:string)... [<NX | XX>] [<EX seconds:int | PX milliseconds:int "
        "| EXAT unix-time-seconds:unix-time | PXAT unix-time-milliseconds:unix-time | KEEPTTL>]",
    .summary = "Writes several strings with one deadline, or none when a condition fails.",
    .since = "8.4.0",
    .complexity = "O(N) with N the keys",
    .group = GROUP_STRING,
    .arity = -4,
    .flags = COMMAND_DENYOOM | COMMAND_MOVABLEKEYS | COMMAND_WRITE,
    .keys = {KEY_COUNTED(1, 0, 1, 2, KEY_OW | KEY_UPDATE)},
    .handler = do_msetex,
};

struct step {
    bool by_float, saturates;
    bool has_low, has_high;
    long long by;
    struct bytes low, high, by_text;
    struct expiry expiry;
};

static bool parse_step(struct call *call, struct step *s)
{
    bool by_given = false;
    *s = (struct step){.by = 1};
    for (int i = 2; i < call->argc; i++) {
        struct bytes word = call->argv[i];
        bool more = i + 1 < call->argc;
        if (more && !by_given && (bytes_is(word, "byint") || bytes_is(word, "byfloat"))) {
            by_given = true;
            s->by_float = word.n == 7;
            s->by_text = call->argv[++i];
        } else if (more && !s->has_low && bytes_is(word, "lbound")) {
            s->has_low = true;
            s->low = call->argv[++i];
        } else if (more && !s->has_high && bytes_is(word, "ubound")) {
            s->has_high = true;
            s->high = call->argv[++i];
        } else if (bytes_is(word, "saturate")) {
            s->saturates = true;
        } else if (bytes_is(word, "enx")) {
            s->expiry.only_without = true;
        } else if (!parse_expiry(call, &i, &s->expiry) || s->expiry.keep) {
            call_error(call, ERR_SYNTAX);
            return false;
        }
    }
    if (s->expiry.only_without && !s->expiry.timed) {
        call_error(call, ERR_SYNTAX);
        return false;
    }
    if (!s->by_float && by_given && !num_parse_int(s->by_text, &s->by)) {
        call_error(call, ERR_NOT_INT);
        return false;
    }
    return !s->expiry.timed || deadline_parse(call, &s->expiry.at);
}

/* The value is written, and what was said about the deadline is done. */
static void finish(struct call *call, const struct step *s, struct bytes value, const char *event)
{
    struct bytes key = call->argv[1];
    char text[NUM_INT_MAX];
    string_args_put(call, key, db_write(call->db, key), value);
    journal_set(call, key, value, -1, true);
    db_changed(call->db, key, DB_EVENT_STRING, event);
    struct entry *e = db_write(call->db, key);
    if (s->expiry.timed && !(s->expiry.only_without && e->has_ttl)) {
        db_set_deadline(call->db, e, s->expiry.at.at_ms);
        CALL_EFFECT(call, BYTES("PEXPIREAT"), key,
                    bytes_of(text, num_print_int(text, s->expiry.at.at_ms)));
        db_notify(call->db, key, DB_EVENT_GENERIC, "expire");
    } else if (s->expiry.persist && e->has_ttl) {
        db_set_deadline(call->db, e, -1);
        CALL_EFFECT(call, BYTES("PERSIST"), key);
        db_notify(call->db, key, DB_EVENT_GENERIC, "persist");
    }
}

static void step_int(struct call *call, const struct step *s, const struct entry *e)
{
    long long now = 0, low = INT64_MIN, high = INT64_MAX, next;
    char text[NUM_INT_MAX];
    if (e && !string_as_int(e, &now)) {
        call_error(call, ERR_NOT_INT);
        return;
    }
    if ((s->has_low && !num_parse_int(s->low, &low)) ||
        (s->has_high && !num_parse_int(s->high, &high))) {
        call_error(call, ERR_NOT_INT);
        return;
    }
    if (low > high) {
        reply_errorf(call->reply, "ERR LBOUND must not be greater than UBOUND");
        return;
    }
    bool fits = num_add(now, s->by, &next);
    bool above = fits ? next > high : s->by > 0, below = fits ? next < low : s->by < 0;
    if (!s->saturates && !fits && !s->has_low && !s->has_high) {
        call_error(call, ERR_OVERFLOW);
        return;
    }
    reply_array(call->reply, 2);
    if (!s->saturates && (above || below)) {
        reply_int(call->reply, now);
        reply_int(call->reply, 0);
        return;
    }
    next = above ? high : below ? low : next;
    long long applied;
    if (!num_add(next, now == INT64_MIN ? INT64_MAX : -now, &applied))
        applied = next > now ? INT64_MAX : INT64_MIN;
    else if (now == INT64_MIN)
        applied = applied == INT64_MAX ? applied : applied + 1;
    reply_int(call->reply, next);
    reply_int(call->reply, applied);
    finish(call, s, bytes_of(text, num_print_int(text, next)), "incrby");
}

static void reply_float(struct call *call, long double v)
{
    char text[NUM_LONG_MAX];
    reply_double_text(call->reply, bytes_of(text, num_print_long_double(text, v)));
}

static void step_float(struct call *call, const struct step *s, const struct entry *e)
{
    long double now = 0, by, low = -INFINITY, high = INFINITY;
    char scratch[NUM_INT_MAX], text[NUM_LONG_MAX];
    if ((e && !num_parse_long_double(string_view(e, scratch), &now)) ||
        !num_parse_long_double(s->by_text, &by) ||
        (s->has_low && !num_parse_long_double(s->low, &low)) ||
        (s->has_high && !num_parse_long_double(s->high, &high))) {
        call_error(call, ERR_NOT_FLOAT);
        return;
    }
    if (low > high) {
        reply_errorf(call->reply, "ERR LBOUND must not be greater than UBOUND");
        return;
    }
    long double next = now + by;
    if (isnan(next) || isinf(next)) {
        call_error(call, ERR_NAN_OR_INF);
        return;
    }
    reply_array(call->reply, 2);
    if (!s->saturates && (next > high || next < low)) {
        reply_float(call, now);
        reply_float(call, 0);
        return;
    }
    next = next > high ? high : next < low ? low : next;
    reply_float(call, next);
    reply_float(call, next - now);
    finish(call, s, bytes_of(text, num_print_long_double(text, next)), "incrbyfloat");
}

static void do_increx(struct call *call)
{
    struct step s;
    struct entry *e;
    if (!parse_step(call, &s) || !call_write(call, call->argv[1], TYPE_STRING, &e))
        return;
    if (s.by_float)
        step_float(call, &s, e);
    else
        step_int(call, &s, e);
}

const struct command increx_command = {
    .name = "increx",
    .usage =
        "key:key [<BYINT increment:int | BYFLOAT increment:double>] [LBOUND low:double] [UBOUND "
        "high:double] [SATURATE] [<EX seconds:int | PX milliseconds:int | EXAT "
        "unix-time-seconds:unix-time | PXAT unix-time-milliseconds:unix-time | PERSIST>] [ENX]",
    .summary = "Adds to a number within bounds, and sets its deadline.",
    .since = "8.8.0",
    .complexity = "O(1)",
    .group = GROUP_STRING,
    .arity = -2,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    .handler = do_increx,
};
