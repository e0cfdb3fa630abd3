/* XCFGSET: how long and how many producers' message ids a stream remembers, and its limits. What is
 * not mentioned stays unchanged. */
#include "commands/index.h"

#include "base/num.h"
#include "broker/broker_moments.h"
#include "commands/stream/stream_args.h"
#include "type/stream/stream_limits_words.h"

#include <limits.h>

struct xcfgset {
    bool make;                /* MKSTREAM */
    long long duration, size; /* of message ids; -1: not given */
    unsigned given;           /* limits (stream_limits_words_option()) */
    struct stream_limits limits;
};

/* IDMP-DURATION or IDMP-MAXSIZE at argument i, and its value. False after the error reply. */
static bool parse_message_ids(const struct call *call, int i, struct xcfgset *x)
{
    bool is_duration = bytes_is(call->argv[i], "idmp-duration");
    long long *to = is_duration ? &x->duration : &x->size, v;
    if (*to != -1) {
        reply_errorf(call->reply, "ERR %s specified multiple times",
                     is_duration ? "IDMP-DURATION" : "IDMP-MAXSIZE");
        return false;
    }
    if (!num_parse_int(call->argv[i + 1], &v) || v < 1 || v > (is_duration ? 86400 : 10000)) {
        reply_errorf(call->reply, is_duration
                                      ? "ERR IDMP-DURATION must be between 1 and 86400 seconds"
                                      : "ERR IDMP-MAXSIZE must be between 1 and 10000 entries");
        return false;
    }
    *to = v;
    return true;
}

/* Parses a limit at argument *i, and moves *i to its last value. False after the error reply. */
static bool parse_limit(const struct call *call, int *i, struct xcfgset *x)
{
    const char *name;
    switch (stream_limits_words_option(&x->limits, call->argv, call->argc, i, &x->given, &name)) {
    case STREAM_LIMITS_WORDS_TAKEN:
        return true;
    case STREAM_LIMITS_WORDS_RANGE:
        reply_errorf(call->reply, "ERR %s must be between -1 and %lld", name, LLONG_MAX);
        return false;
    case STREAM_LIMITS_WORDS_AGAIN:
        reply_errorf(call->reply, "ERR %s specified multiple times", name);
        return false;
    default:
        call_error(call, ERR_SYNTAX);
        return false;
    }
}

/* s: the stream to change, or NULL. False after the error reply. */
static bool parse(const struct call *call, const struct stream *s, struct xcfgset *x)
{
    *x = (struct xcfgset){.duration = -1, .size = -1};
    x->limits = s && s->extra ? s->extra->limits : stream_limits_none();
    x->make = call->argc > 2 && bytes_is(call->argv[2], "mkstream");
    for (int i = x->make ? 3 : 2; i < call->argc; i++) {
        struct bytes word = call->argv[i];
        bool message_ids = bytes_is(word, "idmp-duration") || bytes_is(word, "idmp-maxsize");
        if (message_ids && i + 1 >= call->argc) {
            call_error(call, ERR_SYNTAX);
            return false;
        }
        if (message_ids ? !parse_message_ids(call, i++, x) : !parse_limit(call, &i, x))
            return false;
    }
    if (x->duration != -1 || x->size != -1 || x->given)
        return true;
    reply_errorf(call->reply, "ERR At least one parameter must be specified");
    return false;
}

/* Journals all limits. */
static void tell_limits(struct call *call, const struct stream_limits *l)
{
    struct bytes argv[2 + STREAM_LIMITS_WORDS_MOST] = {BYTES("XCFGSET"), call->argv[1]};
    struct stream_limits_words w;
    int argc = 2;
    stream_limits_words_print(l, &w);
    for (int i = 0; i < w.n; i++)
        argv[argc++] = w.words[i];
    call_effect_since(call, BROKER_ACT_SINCE, argv, argc);
}

static void tell_message_ids(struct call *call, const struct stream *s)
{
    char a[NUM_INT_MAX], b[NUM_INT_MAX];
    CALL_EFFECT_SINCE(call, xcfgset_command.since, BYTES("XCFGSET"), call->argv[1],
                      BYTES("IDMP-DURATION"), bytes_of(a, num_print_int(a, s->dedup.duration_s)),
                      BYTES("IDMP-MAXSIZE"), bytes_of(b, num_print_uint(b, s->dedup.max_size)));
}

static bool change_message_ids(struct stream *s, const struct xcfgset *x)
{
    int64_t duration = x->duration != -1 ? x->duration : s->dedup.duration_s;
    uint64_t most = x->size != -1 ? (uint64_t)x->size : s->dedup.max_size;
    if (duration == s->dedup.duration_s && most == s->dedup.max_size)
        return false;
    stream_dedup_set_limits(&s->dedup, duration, most);
    return true;
}

static bool change_limits(struct call *call, struct stream *s, const struct xcfgset *x)
{
    struct stream_limits old = s->extra ? s->extra->limits : stream_limits_none();
    struct broker_group at = broker_act_in(call, call->argv[1], s, NULL);
    if (stream_limits_equal(&old, &x->limits))
        return false;
    stream_need_extra(s)->limits = x->limits;
    broker_moments_changed(&at);
    return true;
}

static void do_xcfgset(struct call *call)
{
    struct bytes key = call->argv[1];
    struct xcfgset x;
    struct entry *e = db_write(call->db, key);
    struct stream *s = e && value_type(e) == TYPE_STREAM ? value_to_change(e) : NULL;
    if (!parse(call, s, &x))
        return;
    if (!e && !x.make) {
        call_error(call, ERR_NO_KEY);
        return;
    }
    if (!stream_args_write(call, key, &s))
        return;
    if (!s) {
        struct broker_group at = broker_act_in(call, key, NULL, NULL);
        s = stream_args_create(call, key);
        broker_act_effect_made(&at);
    }
    bool limits = change_limits(call, s, &x), message_ids = change_message_ids(s, &x);
    if (limits)
        tell_limits(call, &x.limits);
    if (message_ids)
        tell_message_ids(call, s);
    if (limits || message_ids || !e)
        db_changed_quietly(call->db, key);
    reply_ok(call->reply);
}

const struct command xcfgset_command = {
    .name = "xcfgset",
    .usage = "key:key [MKSTREAM] [IDMP-DURATION seconds:int] [IDMP-MAXSIZE count:int] [MAXLEN "
             "entries:int] [MAXBYTES bytes:int] [MAXAGE milliseconds:int] [OVERFLOW <DROP "
             "[<KEEPREF | DELREF | ACKED>] | REJECT>]",
    .summary = "Sets the idempotency settings and the limits of a stream.",
    .since = "8.6.0",
    .complexity = "O(1), or O(N) with N the ids forgotten",
    .group = GROUP_STREAM,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xcfgset,
};
