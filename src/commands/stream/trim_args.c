/* LIMIT is checked last, since it may precede the "~" that allows it. Without a LIMIT an
 * approximate trim examines 100 blocks' worth of entries, as in Redis; in a replay it has no limit,
 * since the journal's trims say exactly what was removed. */
#include "commands/stream/trim_args.h"

#include "base/num.h"
#include "broker/broker_lease.h"
#include "commands/index.h"
#include "commands/stream/stream_args.h"

#define TOLD_AT_ONCE 512 /* IDs in one XDEL */

int trim_args_option(const struct call *call, int *at, struct trim_args *t)
{
    int i = *at;
    struct bytes word = call->argv[i];
    bool more = i + 1 < call->argc;
    bool by_id = bytes_is(word, "minid");
    if ((by_id || bytes_is(word, "maxlen")) && more) {
        if (t->given) {
            call_error(call, ERR_XADD_TRIM_BOTH);
            return -1;
        }
        t->trim.about = false;
        t->operator_at = 0;
        i++;
        if (i + 1 < call->argc && call->argv[i].n == 1 &&
            (call->argv[i].p[0] == '~' || call->argv[i].p[0] == '=')) {
            t->trim.about = call->argv[i].p[0] == '~';
            t->operator_at = i++;
        }
        t->given = true;
        t->trim.by_id = by_id;
        t->threshold_at = i;
        if (by_id) {
            if (!stream_args_id(call, call->argv[i], 0, true, &t->trim.min_id))
                return -1;
        } else {
            long long n;
            if (!call_int(call, i, &n))
                return -1;
            if (n < 0) {
                call_error(call, ERR_MAXLEN_NEGATIVE);
                return -1;
            }
            t->trim.max_length = (uint64_t)n;
        }
    } else if (bytes_is(word, "limit") && more) {
        long long n;
        if (!call_int(call, ++i, &n))
            return -1;
        if (n < 0) {
            call_error(call, ERR_LIMIT_NEGATIVE);
            return -1;
        }
        t->trim.limit = (uint64_t)n;
        t->limited = true;
        t->limit_at = i;
    } else if (!t->strategy_at && stream_args_strategy(word, &t->trim.strategy)) {
        t->strategy_at = i;
    } else {
        return 0;
    }
    *at = i;
    return 1;
}

bool trim_args_check(const struct call *call, struct trim_args *t)
{
    if (t->limited && !t->given) {
        call_error(call, ERR_LIMIT_ALONE);
        return false;
    }
    /* redis-server keeps the LIMIT beside the exact threshold in its own effects, so a replay
     * accepts it. */
    if (t->limited && !t->trim.about && !call_is_replay(call)) {
        call_error(call, ERR_LIMIT_EXACT);
        return false;
    }
    if (t->trim.about && !t->limited) {
        long long n = 0;
        if (!num_mul(call->engine->settings->stream_node_max_entries, 100, &n) || n <= 0)
            n = 10000;
        t->trim.limit = n > 1000000 ? 1000000 : (uint64_t)n;
    }
    if (call_is_replay(call))
        t->trim.limit = 0;
    return true;
}

/* Whether the outcome of an approximate trim is journalled as the first ID left, not as the number
 * of entries left. Only the number works when nothing is left, or when ACKED left entries below
 * deleted ones. */
static bool is_told_by_id(const struct stream *s, const struct stream_trim *t)
{
    return t->by_id && s->log.length && t->strategy != STREAM_ACKNOWLEDGED;
}

struct bytes trim_args_word(const struct stream *s, const struct stream_trim *t)
{
    return is_told_by_id(s, t) ? BYTES("MINID") : BYTES("MAXLEN");
}

struct bytes trim_args_threshold(char *text, const struct stream *s, const struct stream_trim *t)
{
    return is_told_by_id(s, t) ? bytes_of(text, stream_id_print(text, stream_first_id(s)))
                               : bytes_of(text, num_print_uint(text, s->log.length));
}

/* ACKED removes single entries, not a range: Redis 7.0, which does not know it, gets XDEL of just
 * these IDs. */
static void tell_deletions(struct call *call, struct bytes key, struct bytes ids)
{
    struct stream_id id;
    struct bytes argv[2 + TOLD_AT_ONCE] = {BYTES("XDEL"), key};
    char texts[TOLD_AT_ONCE][STREAM_ID_TEXT_MAX];
    while (ids.n) {
        int n = 0;
        for (; n < TOLD_AT_ONCE && ids.n; n++) {
            memcpy(&id, ids.p, sizeof(id));
            ids = bytes_of(ids.p + sizeof(id), ids.n - sizeof(id));
            argv[2 + n] = bytes_of(texts[n], stream_id_print(texts[n], id));
        }
        call_effect(call, argv, 2 + n);
    }
}

static void tell_trim(struct call *call, const struct stream *s, const struct trim_args *t,
                      uint64_t n)
{
    char text[STREAM_ID_TEXT_MAX];
    struct bytes what = trim_args_word(s, &t->trim),
                 threshold = trim_args_threshold(text, s, &t->trim), key = call->argv[1];
    if (t->trim.strategy == STREAM_DROP_REFERENCES)
        CALL_EFFECT_SINCE(call, xdelex_command.since, BYTES("XTRIM"), key, what, BYTES("="),
                          threshold, BYTES("DELREF"));
    if (n)
        CALL_EFFECT(call, BYTES("XTRIM"), key, what, BYTES("="), threshold);
}

uint64_t trim_args_run(struct call *call, struct stream *s, struct trim_args *t, bool journals,
                       uint64_t *dropped)
{
    struct buf gone = {0};
    bool one_by_one = t->trim.strategy == STREAM_ACKNOWLEDGED;
    t->trim.gone = one_by_one && journals ? &gone : NULL;
    uint64_t n = stream_trim(s, &t->trim, dropped);
    if (journals && call->engine->journal->on && (n || *dropped)) {
        if (one_by_one)
            tell_deletions(call, call->argv[1], buf_bytes(&gone));
        else
            tell_trim(call, s, t, n);
    }
    buf_free(&gone);
    if (*dropped) {
        struct broker_group at = broker_act_in(call, call->argv[1], s, NULL);
        broker_lease_dropped(&at);
    }
    return n;
}
