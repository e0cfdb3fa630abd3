/* XADD appends an entry to a stream, which is made when it is absent, and may trim it.
 *
 * Arguments are judged before anything changes: options, then the ID, then the fields. The ID is
 * given, made from the clock ("*"), or half of each ("ms-*"); it must be above all the stream ever
 * gave. IDMP names the message by its producer: one that is known already is answered with the ID
 * it got then, and nothing is appended.
 *
 * The journal gets what came of it, never "*" or "~": the ID that was given and an exact trim, as
 * MINID with the first ID that is left or as MAXLEN with the length. DURABLE and LIMIT are left
 * out: they say how this call was to be done. What Redis 7.0 does not know follows as effects of
 * its own: the message id of IDMP, and a trim by DELREF or ACKED. A request that is all of this
 * already is journalled as it came. */
#include "commands/index.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "commands/stream/stream_args.h"
#include "commands/stream/trim_args.h"

#define ENTRY_MOST ((size_t)1 << 30) /* bytes of one entry; a block's lengths are 32 bits */

enum id_form { ID_GIVEN, ID_AUTO, ID_AUTO_SEQ };

struct xadd {
    struct trim_args trim;
    bool no_create;
    bool dedup, dedup_auto;
    struct bytes producer, iid;
    enum id_form form;
    struct stream_id id;
    int id_at;      /* argument of the ID; the fields follow */
    int durable_at; /* argument DURABLE; 0: not given */
    int dedup_at;   /* argument IDMP or IDMPAUTO; 0: not given */
};

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

static bool parse(struct call *call, struct xadd *x)
{
    *x = (struct xadd){0};
    int i = 2;
    for (; i < call->argc; i++) {
        struct bytes word = call->argv[i];
        int left = call->argc - i - 1;
        if (word.n == 1 && word.p[0] == '*')
            break;
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
        } else
            break;
    }
    if (i < call->argc && !parse_id(call, i, x))
        return false;
    if (!trim_args_check(call, &x->trim))
        return false;
    if (x->durable_at) {
        if (!call->engine->gate.promise.open && !call_is_replay(call)) {
            call_error(call, ERR_NOT_DURABLE);
            return false;
        }
        call->durable = true;
    }
    int fields = call->argc - i - 1;
    if (fields < 2 || fields % 2) {
        reply_errorf(call->reply, "ERR wrong number of arguments for 'xadd' command");
        return false;
    }
    size_t bytes = 0;
    for (int f = i + 1; f < call->argc; f++)
        bytes += call->argv[f].n;
    if (bytes > ENTRY_MOST) {
        call_error(call, ERR_STREAM_TOO_LARGE);
        return false;
    }
    if (x->dedup && x->form != ID_AUTO && !call_is_replay(call)) {
        reply_errorf(call->reply,
                     "ERR syntax error, IDMP/IDMPAUTO can be used only with auto-generated IDs");
        return false;
    }
    if (x->form == ID_GIVEN && stream_id_is_zero(x->id)) {
        call_error(call, ERR_STREAM_ZERO_ID);
        return false;
    }
    return true;
}

/* A hash of all pairs that does not depend on their order (the form Redis uses). */
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
        struct stream none = {0};
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

/* The trim is an effect of its own: Redis 7.0 does not know its strategy, or a message id has to be
 * recorded before it. */
static bool trims_apart(const struct xadd *x)
{
    return x->trim.given && (x->dedup || x->trim.trim.strategy != STREAM_KEEP_REFERENCES);
}

/* An option that says how this call was to be done, or is journalled apart. */
static bool is_left_out(const struct xadd *x, int i)
{
    const struct trim_args *t = &x->trim;
    int first = t->operator_at ? t->operator_at - 1 : t->threshold_at - 1;
    return (x->durable_at && i == x->durable_at) ||
           (t->limited && (i == t->limit_at || i == t->limit_at - 1)) ||
           (t->strategy_at && i == t->strategy_at) ||
           (x->dedup && i >= x->dedup_at && i <= x->dedup_at + (x->dedup_auto ? 1 : 2)) ||
           (trims_apart(x) && i >= first && i <= t->threshold_at);
}

static void tell_entry(struct call *call, const struct stream *s, const struct xadd *x)
{
    struct bytes few[32],
        *argv = call->argc <= 32 ? few : mem_alloc((size_t)call->argc * sizeof(*argv));
    char id[STREAM_ID_TEXT_MAX], threshold[STREAM_ID_TEXT_MAX];
    const struct trim_args *t = &x->trim;
    int argc = 0;
    argv[argc++] = BYTES("XADD");
    for (int i = 1; i < call->argc; i++) {
        struct bytes a = call->argv[i];
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

/* The journal gets what happened: the ID that was given, and what trimming came to. Returns how
 * many entries that took away. */
static uint64_t trim_and_tell(struct call *call, struct stream *s, struct xadd *x)
{
    bool apart = trims_apart(x), as_it_came = x->form == ID_GIVEN && !x->trim.trim.about &&
                                              !x->durable_at && !x->dedup && !x->trim.strategy_at;
    bool tells = call->engine->journal->on && !as_it_came;
    char text[STREAM_ID_TEXT_MAX];
    uint64_t dropped, trimmed = 0;
    if (x->trim.given && !apart)
        trimmed = trim_args_run(call, s, &x->trim, false, &dropped);
    if (tells)
        tell_entry(call, s, x);
    if (tells && x->dedup)
        CALL_EFFECT_SINCE(call, xidmprecord_command.since, BYTES("XIDMPRECORD"), call->argv[1],
                          x->producer, x->iid, stream_args_id_text(call, text, x->id));
    if (apart)
        trimmed = trim_args_run(call, s, &x->trim, true, &dropped);
    return trimmed;
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
    if (!choose_id(call, s, &x))
        return;
    if (!s)
        s = stream_args_create(call, key);
    struct stream_log_policy policy = stream_args_policy(call);
    stream_append(s, x.id, call->argv + x.id_at + 1, (size_t)(call->argc - x.id_at - 1) / 2,
                  &policy);
    if (x.dedup)
        stream_dedup_add(&s->dedup, x.producer, x.iid, x.id, call->now_ms);
    uint64_t trimmed = trim_and_tell(call, s, &x);
    db_changed(call->db, key, DB_EVENT_STREAM, "xadd");
    if (trimmed)
        db_notify(call->db, key, DB_EVENT_STREAM, "xtrim");
    db_ready(call->db, key);
    stream_args_reply_id(call, x.id);
}

const struct command xadd_command = {
    .name = "xadd",
    .usage = "key:key [NOMKSTREAM] [DURABLE] [<KEEPREF | DELREF | ACKED>] [<IDMPAUTO "
             "producer:string | IDMP "
             "producer:string iid:string>] [<MAXLEN | MINID> [<'=' | '~'>] threshold:string [LIMIT "
             "count:int]] <'*' | id:string> (field:string value:string)...",
    .summary = "Appends an entry to a stream, made when absent.",
    .since = "5.0.0",
    .complexity = "O(1), plus O(N) for N trimmed entries",
    .tips = "nondeterministic_output",
    .group = GROUP_STREAM,
    .arity = -5,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xadd,
};
