/* INCREX: a counter with bounds and a TTL, for rate limits. Replies with the new value and the
 * applied increment. A step beyond a bound is refused, or clipped with SATURATE. The journal gets
 * the result. */
#include "commands/index.h"

#include "command/keys.h"
#include "commands/expiry_arg.h"
#include "commands/string/expiry_options.h"
#include "commands/string_args.h"

#include <math.h>

struct step {
    bool by_float, saturates;
    bool has_low, has_high;
    long long by;
    struct bytes low, high, by_text;
    struct expiry_options expiry;
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
        } else if (!expiry_options_word(call, &i, &s->expiry) || s->expiry.keep) {
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
    return !s->expiry.timed || expiry_arg_parse(call, &s->expiry.at);
}

/* Stores the value and applies the TTL options. */
static void finish(struct call *call, const struct step *s, struct bytes value, const char *event)
{
    struct bytes key = call->argv[1];
    char text[NUM_INT_MAX];
    string_args_put(call, key, db_write(call->db, key), value);
    string_args_effect_set(call, key, value, -1, true);
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
        call_error(call, ERR_BOUNDS_CROSSED);
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
    /* next - now, or the nearest representable value. -INT64_MIN is none, so that is added in two
     * steps. */
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
        call_error(call, ERR_BOUNDS_CROSSED);
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
    .summary = "Increments a number within bounds, and sets its expiration.",
    .since = "8.8.0",
    .complexity = "O(1)",
    .group = GROUP_STRING,
    .arity = -2,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    .handler = do_increx,
};
