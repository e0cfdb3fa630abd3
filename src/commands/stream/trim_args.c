/* LIMIT is judged last, since it may stand before the "~" that allows it. Without a LIMIT an
 * approximate trim looks at 100 blocks' worth of entries, as in Redis; when the journal is replayed
 * nothing is left out, for its trims say exactly what went. */
#include "commands/stream/trim_args.h"

#include "base/num.h"
#include "commands/stream/stream_args.h"

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
    if (t->limited && !t->trim.about) {
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

/* An approximate trim as what it came to: the first ID that is left, or how many entries are. Only
 * a length tells it when nothing is left, or when ACKED left entries in front of deleted ones. */
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
