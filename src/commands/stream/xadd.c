/* XADD appends an entry to a stream, which is created when absent, and may trim it; or schedules
 * the entry, or sets its expiry.
 *
 * Arguments are checked before anything changes: options, then the ID, then the fields. The ID is
 * given, taken from the clock ("*"), or half of each ("ms-*"); it must be above every ID that the
 * stream ever gave. IDMP identifies a producer's message: a known one is answered with the ID it
 * got then, and nothing is appended.
 *
 * The journal gets the outcome, never "*" or "~": the ID given and an exact trim, as MINID with the
 * first ID left or as MAXLEN with the length. DURABLE and LIMIT are left out, as they only concern
 * the execution of this call. What Redis 7.0 does not know follows as effects of their own: the
 * message id of IDMP, and a trim by DELREF or ACKED. A request that already has this form is
 * journalled unchanged.
 *
 * If the stream has extras, or gets them by this message (DELAY, AT, TTL), the steps of
 * broker_append.h are added; other streams pay a comparison for each. In a replay ID and time are
 * as given, and an ID that is scheduled identifies the message that is appended now. */
#include "commands/index.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "broker/broker_append.h"
#include "broker/broker_expire.h"
#include "broker/broker_future.h"
#include "broker/broker_limits.h"
#include "broker/broker_moments.h"
#include "broker/broker_put.h"
#include "commands/helpers.h"
#include "commands/stream/stream_args.h"
#include "commands/stream/trim_args.h"

enum id_form { ID_GIVEN, ID_AUTO, ID_AUTO_SEQ };

struct xadd {
    struct trim_args trim;
    bool no_create;
    bool dedup, dedup_auto;
    struct bytes producer, iid;
    enum id_form form;
    struct stream_id id;
    int id_at;      /* argument of the ID, which the fields follow */
    int durable_at; /* argument DURABLE; 0: not given */
    int dedup_at;   /* argument IDMP or IDMPAUTO; 0: not given */
    int when_at;    /* argument DELAY or AT; 0: not given */
    int ttl_at;     /* argument TTL; 0: not given */
    int64_t at_ms;  /* when to append it */
    int64_t ttl_ms; /* counted from then */
};

/* Called for each word before the ID; most are rejected by their first letter. */
static bool names_moment(struct bytes word)
{
    char first = word.n ? word.p[0] | 32 : 0;
    return (first == 'd' || first == 'a' || first == 't') &&
           (bytes_is(word, "delay") || bytes_is(word, "at") || bytes_is(word, "ttl"));
}

/* DELAY, AT or TTL at argument *i, and its value. False after the error reply. */
static bool parse_moment(struct call *call, int *i, struct xadd *x)
{
    struct bytes word = call->argv[*i];
    bool is_ttl = bytes_is(word, "ttl"), is_at = bytes_is(word, "at");
    const char *name = is_ttl ? "TTL" : is_at ? "AT" : "DELAY";
    int *at = is_ttl ? &x->ttl_at : &x->when_at;
    long long v;
    if (*at && is_ttl) {
        reply_errorf(call->reply, "ERR TTL specified multiple times");
        return false;
    }
    if (*at) {
        if (bytes_is(call->argv[*at], is_at ? "at" : "delay"))
            reply_errorf(call->reply, "ERR %s specified multiple times", name);
        else
            call_error(call, ERR_SYNTAX);
        return false;
    }
    *at = *i;
    if (!helpers_number(call, ++*i, name, is_ttl ? 1 : 0,
                        is_at ? STREAM_ARGS_MOMENT_MOST : STREAM_ARGS_DELAY_MOST, &v))
        return false;
    if (is_ttl)
        x->ttl_ms = v;
    else
        x->at_ms = is_at ? v : call->now_ms + v;
    return true;
}

static bool parse_dedup(struct call *call, int *i, struct xadd *x)
{
    bool is_auto = bytes_is(call->argv[*i], "idmpauto");
    const char *word = is_auto ? "IDMPAUTO" : "IDMP";
    if (x->dedup) {
        reply_errorf(call->reply, "ERR syntax error, IDMP/IDMPAUTO specified multiple times");
        return false;
    }
    x->dedup = true;
    x->dedup_at = *i;
    x->dedup_auto = is_auto;
    x->producer = call->argv[++*i];
    if (x->producer.n == 0) {
        reply_errorf(call->reply, "ERR syntax error, %s requires a non-empty producer ID", word);
        return false;
    }
    if (is_auto)
        return true;
    x->iid = call->argv[++*i];
    if (x->iid.n)
        return true;
    reply_errorf(call->reply, "ERR syntax error, IDMP requires a non-empty idempotent ID");
    return false;
}

static bool parse_id(struct call *call, int i, struct xadd *x)
{
    struct bytes text = call->argv[i];
    x->id_at = i;
    if (text.n == 1 && text.p[0] == '*') {
        x->form = ID_AUTO;
        return true;
    }
    if (text.n > 2 && text.p[text.n - 1] == '*' && text.p[text.n - 2] == '-') {
        x->form = ID_AUTO_SEQ;
        text.n -= 2;
        if (!memchr(text.p, '-', text.n))
            return stream_args_id(call, text, 0, true, &x->id);
        call_error(call, ERR_STREAM_ID);
        return false;
    }
    x->form = ID_GIVEN;
    return stream_args_id(call, text, 0, true, &x->id);
}

/* Checks the options' preconditions. False after the error reply. */
static bool check_options(struct call *call, struct xadd *x)
{
    if (!trim_args_check(call, &x->trim))
        return false;
    if (!x->durable_at)
        return true;
    if (!call->engine->gate.promise.open && !call_is_replay(call)) {
        call_error(call, ERR_NOT_DURABLE);
        return false;
    }
    call->durable = true;
    return true;
}

/* Checks options that require an ID from the clock. False after the error reply. */
static bool check_form(const struct call *call, const struct xadd *x)
{
    if (x->form == ID_AUTO || call_is_replay(call) || !(x->dedup || x->when_at))
        return true;
    reply_errorf(call->reply, "ERR syntax error, %s can be used only with auto-generated IDs",
                 x->dedup ? "IDMP/IDMPAUTO" : "DELAY and AT");
    return false;
}

static bool parse(struct call *call, struct xadd *x)
{
    *x = (struct xadd){0};
    int i = 2;
    for (; i < call->argc; i++) {
        struct bytes word = call->argv[i];
        int left = call->argc - i - 1;
        if (word.n && (word.p[0] == '*' || (word.p[0] >= '0' && word.p[0] <= '9')))
            break; /* no option begins with a digit: this is the ID */
        if (left >= 1 && names_moment(word)) {
            if (!parse_moment(call, &i, x))
                return false;
            continue;
        }
        int taken = trim_args_option(call, &i, &x->trim);
        if (taken < 0)
            return false;
        if (taken)
            continue;
        if (bytes_is(word, "nomkstream"))
            x->no_create = true;
        else if (bytes_is(word, "durable"))
            x->durable_at = i;
        else if ((bytes_is(word, "idmp") && left >= 2) ||
                 (bytes_is(word, "idmpauto") && left >= 1)) {
            if (!parse_dedup(call, &i, x))
                return false;
        } else if (bytes_is(word, "priority")) { /* reserved (broker Y5) */
            call_error(call, ERR_SYNTAX);
            return false;
        } else
            break;
    }
    if (i < call->argc && !parse_id(call, i, x))
        return false;
    bool has_options = i > 2;
    if (has_options && !check_options(call, x))
        return false;
    int fields = call->argc - i - 1;
    if (fields < 2 || fields % 2) {
        reply_errorf(call->reply, "ERR wrong number of arguments for 'xadd' command");
        return false;
    }
    if (!stream_args_fits(call, i + 1))
        return false;
    if (has_options && !check_form(call, x))
        return false;
    if (x->form == ID_GIVEN && stream_id_is_zero(x->id)) {
        call_error(call, ERR_STREAM_ZERO_ID);
        return false;
    }
    return true;
}

/* A hash of all pairs that does not depend on their order (in the format of Redis). */
static struct bytes content_iid(const struct call *call, int at, char *to)
{
    uint64_t sum_low = 0, sum_high = 0, xor_low = 0, xor_high = 0;
    struct buf b = {0};
    for (int i = at; i < call->argc; i += 2) {
        uint64_t low, high, n = call->argv[i].n;
        b.n = 0;
        buf_add(&b, call->argv[i]);
        buf_add(&b, bytes_of(&n, sizeof(n)));
        buf_add(&b, call->argv[i + 1]);
        hash_xxh3_128(buf_bytes(&b), &low, &high);
        sum_low += low;
        sum_high += high;
        xor_low ^= low;
        xor_high ^= high;
    }
    buf_free(&b);
    uint64_t low = sum_low ^ (xor_high << 1 | xor_high >> 63);
    uint64_t high = sum_high ^ (xor_low << 1 | xor_low >> 63);
    memcpy(to, &low, 8);
    memcpy(to + 8, &high, 8);
    return bytes_of(to, 16);
}

/* The entry's ID; false after the error reply. */
static bool choose_id(struct call *call, const struct stream *s, struct xadd *x)
{
    struct stream_id last = s ? s->last_id : STREAM_ID_MIN;
    if (stream_id_compare(last, STREAM_ID_MAX) == 0) {
        call_error(call, ERR_STREAM_EXHAUSTED);
        return false;
    }
    if (x->form == ID_AUTO) {
        static const struct stream none;
        if (stream_next_id(s ? s : &none, (uint64_t)call->now_ms, &x->id))
            return true;
        call_error(call, ERR_STREAM_EXHAUSTED);
        return false;
    }
    if (x->form == ID_AUTO_SEQ) {
        bool fits = true;
        if (x->id.ms == last.ms && (s || x->id.ms == 0)) {
            fits = last.seq != UINT64_MAX;
            x->id.seq = last.seq + 1;
        } else {
            x->id.seq = 0;
            fits = x->id.ms > last.ms;
        }
        if (fits)
            return true;
        call_error(call, ERR_STREAM_SMALL_ID);
        return false;
    }
    if (stream_id_compare(x->id, last) > 0)
        return true;
    call_error(call, ERR_STREAM_SMALL_ID);
    return false;
}

/* Whether the trim is a separate effect: Redis 7.0 does not know its strategy, or a message id has
 * to be recorded before it. */
static bool trims_apart(const struct xadd *x)
{
    return x->trim.given && (x->dedup || x->trim.trim.strategy != STREAM_KEEP_REFERENCES);
}

/* An option that only concerns the execution of this call, or is journalled separately. */
static bool is_left_out(const struct xadd *x, int i)
{
    const struct trim_args *t = &x->trim;
    int first = t->operator_at ? t->operator_at - 1 : t->threshold_at - 1;
    return (x->durable_at && i == x->durable_at) ||
           (t->limited && (i == t->limit_at || i == t->limit_at - 1)) ||
           (t->strategy_at && i == t->strategy_at) ||
           (x->dedup && i >= x->dedup_at && i <= x->dedup_at + (x->dedup_auto ? 1 : 2)) ||
           (x->when_at && (i == x->when_at || i == x->when_at + 1)) ||
           (x->ttl_at && (i == x->ttl_at || i == x->ttl_at + 1)) ||
           (trims_apart(x) && i >= first && i <= t->threshold_at);
}

static void tell_entry(struct call *call, const struct stream *s, const struct xadd *x,
                       const struct broker_limits_trim *limits)
{
    struct bytes few[32],
        *argv = call->argc <= 29 ? few : mem_alloc(((size_t)call->argc + 3) * sizeof(*argv));
    char id[STREAM_ID_TEXT_MAX], threshold[STREAM_ID_TEXT_MAX];
    const struct trim_args *t = &x->trim;
    int argc = 0;
    argv[argc++] = BYTES("XADD");
    for (int i = 1; i < call->argc; i++) {
        struct bytes a = call->argv[i];
        for (int k = 0; i == 2 && limits && k < limits->words_n; k++)
            argv[argc++] = limits->words[k];
        if (i < x->id_at && is_left_out(x, i))
            continue;
        if (i == x->id_at)
            a = stream_args_id_text(call, id, x->id);
        else if (t->trim.about && i == t->operator_at - 1)
            a = trim_args_word(s, &t->trim);
        else if (t->trim.about && i == t->operator_at)
            a = BYTES("=");
        else if (t->trim.about && i == t->threshold_at)
            a = trim_args_threshold(threshold, s, &t->trim);
        argv[argc++] = a;
    }
    call_effect(call, argv, argc);
    if (argv != few)
        mem_free(argv);
}

/* Trims, and journals the append with the ID given and the outcome of the trim. Returns how many
 * entries were removed. limits: for a stream with extras, else NULL. */
static uint64_t trim_and_tell(struct call *call, struct stream *s, struct xadd *x,
                              const struct broker_limits_trim *limits)
{
    bool apart = trims_apart(x), as_it_came = x->form == ID_GIVEN && !x->trim.trim.about &&
                                              !x->durable_at && !x->dedup && !x->trim.strategy_at &&
                                              !limits;
    bool tells = call->engine->journal->on && !as_it_came;
    char text[STREAM_ID_TEXT_MAX];
    uint64_t dropped, trimmed = 0;
    if (x->trim.given && !apart)
        trimmed = trim_args_run(call, s, &x->trim, false, &dropped);
    if (tells)
        tell_entry(call, s, x, limits);
    if (tells && x->dedup)
        CALL_EFFECT_SINCE(call, xidmprecord_command.since, BYTES("XIDMPRECORD"), call->argv[1],
                          x->producer, x->iid, stream_args_id_text(call, text, x->id));
    if (apart)
        trimmed = trim_args_run(call, s, &x->trim, true, &dropped);
    return trimmed;
}

static const struct bytes *pairs_of(const struct call *call, const struct xadd *x)
{
    return call->argv + x->id_at + 1;
}

static size_t fields_of(const struct call *call, const struct xadd *x)
{
    return (size_t)(call->argc - x->id_at - 1) / 2;
}

/* ---- Streams with extras */

/* Whether the message is to be scheduled; in a replay always, if it says so. */
static bool is_for_later(const struct call *call, const struct xadd *x)
{
    return x->when_at && (x->at_ms > call->now_ms || call_is_replay(call));
}

/* Whether the message can be scheduled, under the given ID if there is one. False after the error
 * reply. */
static bool may_schedule(const struct call *call, const struct stream *s, const struct xadd *x)
{
    if (s && stream_id_compare(s->last_id, STREAM_ID_MAX) == 0) {
        call_error(call, ERR_STREAM_EXHAUSTED);
        return false;
    }
    if (x->form == ID_GIVEN && s &&
        (stream_log_has(&s->log, x->id) ||
         (s->extra && stream_future_has(&s->extra->future, x->id)))) {
        call_error(call, ERR_STREAM_SMALL_ID); /* no file of ours has that */
        return false;
    }
    return true;
}

static void schedule(struct call *call, const struct broker_group *at, struct xadd *x)
{
    struct stream *s = at->stream;
    char text[STREAM_ID_TEXT_MAX];
    uint64_t dropped;
    if (x->form != ID_GIVEN)
        x->id = broker_future_next_id(s, x->at_ms);
    broker_future_add(at, x->id, pairs_of(call, x), fields_of(call, x));
    if (x->dedup) {
        stream_dedup_add(&s->dedup, x->producer, x->iid, x->id, call->now_ms);
        CALL_EFFECT_SINCE(call, xidmprecord_command.since, BYTES("XIDMPRECORD"), call->argv[1],
                          x->producer, x->iid, stream_args_id_text(call, text, x->id));
    }
    if (x->ttl_at)
        broker_expire_set(at, x->id, (int64_t)x->id.ms + x->ttl_ms);
    if (x->trim.given && trim_args_run(call, s, &x->trim, true, &dropped))
        db_notify(call->db, at->key, DB_EVENT_STREAM, "xtrim");
}

/* Whether the stream's limits accept the message. False after the error reply. */
static bool is_let_in(const struct call *call, const struct broker_group *at, const struct xadd *x)
{
    struct buf why = {0};
    if (call_is_replay(call) || !at->stream || !at->stream->extra)
        return true;
    uint64_t bytes = bytes_total(call->argv + x->id_at + 1, (size_t)(call->argc - x->id_at - 1));
    bool allowed = broker_limits_allow(at, 1, bytes, &why);
    if (!allowed)
        reply_errorf(call->reply, "%.*s", (int)why.n, why.p);
    buf_free(&why);
    return allowed;
}

static uint64_t scheduled(const struct stream *s)
{
    return s && s->extra ? stream_future_count(&s->extra->future) : 0;
}

/* Plans the copies; a destination may refuse. False after the error reply. */
static bool plan(const struct call *call, const struct broker_group *at, const struct xadd *x,
                 struct broker_route *route)
{
    struct buf why = {0};
    if (!broker_route_has_bindings(at))
        return true;
    bool good = broker_append_plan(route, at, pairs_of(call, x), fields_of(call, x), &why);
    if (!good)
        reply_error_bytes(call->reply, buf_bytes(&why));
    buf_free(&why);
    return good;
}

/* Appends what is due first, applies limits here and at destinations, and schedules a message for
 * later. True: the message is to be appended. */
static bool begin_with_extras(struct call *call, struct stream *s, struct xadd *x,
                              struct broker_route *route)
{
    struct broker_group at = broker_act_in(call, call->argv[1], s, NULL);
    bool later = is_for_later(call, x);
    uint64_t before = scheduled(s);
    if (s && !later)
        broker_append_due_first(&at);
    bool good = (!s || later || plan(call, &at, x, route)) && is_let_in(call, &at, x);
    if (good && later && may_schedule(call, s, x)) {
        if (!s) {
            at.stream = stream_args_create(call, at.key);
            broker_act_effect_made(&at);
        }
        schedule(call, &at, x);
        stream_args_reply_id(call, x->id);
    }
    if (at.stream && (later || scheduled(s) != before))
        broker_moments_changed(&at);
    return good && !later;
}

/* Called before the ID is appended. */
static void take_id(struct call *call, struct stream *s, const struct xadd *x)
{
    struct broker_group at = broker_act_in(call, call->argv[1], s, NULL);
    broker_put_take_id(&at, x->id);
}

/* Called after the append, before its effect. */
static void limit(struct call *call, struct stream *s, const struct xadd *x,
                  struct broker_limits_trim *limits)
{
    struct broker_group at = broker_act_in(call, call->argv[1], s, NULL);
    if (s->extra && !call_is_replay(call))
        broker_limits_trim(&at, x->trim.given || x->dedup, limits);
    else
        *limits = (struct broker_limits_trim){0};
}

/* Called after the effect. Returns how many entries limits removed. */
static uint64_t end_with_extras(struct call *call, struct stream *s, const struct xadd *x,
                                struct broker_limits_trim *limits)
{
    struct broker_group at = broker_act_in(call, call->argv[1], s, NULL);
    if (s->extra && !call_is_replay(call))
        broker_limits_trim_apart(&at, limits);
    if (x->ttl_at && stream_log_has(&s->log, x->id))
        broker_expire_set(&at, x->id, call->now_ms + x->ttl_ms);
    broker_moments_changed(&at);
    return limits->trimmed;
}

/* Makes the copies, after readers, watchers and subscribers of the stream were notified. */
static void copy(struct call *call, struct stream *s, const struct xadd *x,
                 struct broker_route *route)
{
    struct broker_group at = broker_act_in(call, call->argv[1], s, NULL);
    broker_route_copy(route, &at, x->id, pairs_of(call, x), fields_of(call, x),
                      x->ttl_at ? call->now_ms + x->ttl_ms : 0);
    broker_route_free(route);
}

static void do_xadd(struct call *call)
{
    struct xadd x;
    struct bytes key = call->argv[1];
    struct stream *s;
    char iid[16];
    if (!parse(call, &x) || !stream_args_write(call, key, &s))
        return;
    if (!s && x.no_create) {
        reply_null(call->reply);
        return;
    }
    if (x.dedup_auto)
        x.iid = content_iid(call, x.id_at + 1, iid);
    if (x.dedup && s && x.form == ID_AUTO) {
        const struct stream_dedup_record *seen =
            stream_dedup_meet(&s->dedup, x.producer, x.iid, call->now_ms);
        if (seen) {
            stream_args_reply_id(call, seen->id);
            return;
        }
    }
    bool extras = __builtin_expect((s && s->extra) || x.when_at || x.ttl_at, 0);
    struct broker_limits_trim limits;
    struct broker_route route; /* used only for streams with extras */
    if (extras)
        route = (struct broker_route){0};
    /* The only call of choose_id(), so that it is inlined. */
    if ((extras && !begin_with_extras(call, s, &x, &route)) || !choose_id(call, s, &x)) {
        if (extras)
            broker_route_free(&route);
        return;
    }
    if (!s)
        s = stream_args_create(call, key);
    struct stream_log_policy policy = stream_args_policy(call);
    if (extras)
        take_id(call, s, &x);
    stream_append(s, x.id, pairs_of(call, &x), fields_of(call, &x), &policy);
    if (x.dedup)
        stream_dedup_add(&s->dedup, x.producer, x.iid, x.id, call->now_ms);
    if (extras)
        limit(call, s, &x, &limits);
    uint64_t trimmed = trim_and_tell(call, s, &x, extras ? &limits : NULL);
    if (extras)
        trimmed += end_with_extras(call, s, &x, &limits);
    db_changed(call->db, key, DB_EVENT_STREAM, "xadd");
    if (trimmed)
        db_notify(call->db, key, DB_EVENT_STREAM, "xtrim");
    db_ready(call->db, key);
    if (extras)
        copy(call, s, &x, &route);
    stream_args_reply_id(call, x.id);
}

const struct command xadd_command = {
    .name = "xadd",
    .usage = "key:key [NOMKSTREAM] [DURABLE] [<KEEPREF | DELREF | ACKED>] [<IDMPAUTO "
             "producer:string | IDMP "
             "producer:string iid:string>] [<MAXLEN | MINID> [<'=' | '~'>] threshold:string [LIMIT "
             "count:int]] [<DELAY delay-milliseconds:int | AT "
             "unix-time-milliseconds:unix-time>] [TTL ttl-milliseconds:int] <'*' | id:string> "
             "(field:string value:string)...",
    .summary = "Appends an entry to a stream, which is created if needed, now or at a later time.",
    .since = "5.0.0",
    .complexity = "O(1), plus O(N) for N trimmed entries",
    .tips = "nondeterministic_output",
    .group = GROUP_STREAM,
    .arity = -5,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xadd,
};
