#include "commands/zset_args.h"

#include "base/num.h"
#include "commands/helpers.h"

bool zset_args_read(const struct call *call, struct bytes key, const struct zset **out)
{
    struct entry *e;
    if (!call_read(call, key, TYPE_ZSET, &e))
        return false;
    *out = e ? value_object(e) : NULL;
    return true;
}

bool zset_args_write(const struct call *call, struct bytes key, struct entry **e)
{
    return call_write(call, key, TYPE_ZSET, e);
}

struct zset_limits zset_args_limits(const struct call *call)
{
    const struct settings *s = call->engine->settings;
    return (struct zset_limits){(size_t)s->zset_max_listpack_entries,
                                (size_t)s->zset_max_listpack_value};
}

void zset_args_shrunk(const struct call *call, struct bytes key, struct entry *e, const char *event,
                      uint64_t n)
{
    helpers_shrunk(call, key, zset_count(value_object(e)) == 0, DB_EVENT_ZSET, event, n);
}

/* "1.5" or "(1.5" */
static bool parse_score(struct bytes text, bool *exclusive, double *out)
{
    *exclusive = text.n && text.p[0] == '(';
    if (*exclusive)
        text = bytes_of(text.p + 1, text.n - 1);
    bool in_range;
    return num_read_double(text, &in_range, out);
}

static bool score_range(const struct call *call, struct bytes low, struct bytes high,
                        struct zset_range *r)
{
    bool low_exclusive, high_exclusive;
    r->low = r->high = (struct ranked_bound){.by = RANKED_BY_SCORE};
    if (!parse_score(low, &low_exclusive, &r->low.score) ||
        !parse_score(high, &high_exclusive, &r->high.score)) {
        reply_errorf(call->reply, "ERR min or max is not a float");
        return false;
    }
    r->low.after = low_exclusive;
    r->high.after = !high_exclusive;
    return true;
}

/* "-", "+", "[x" or "(x" */
static bool parse_lex(struct bytes text, struct ranked_bound *b, bool is_high, bool *open,
                      bool *end)
{
    *b = (struct ranked_bound){.by = RANKED_BY_KEY};
    *open = *end = false;
    if (text.n == 1 && (text.p[0] == '-' || text.p[0] == '+')) {
        bool most = text.p[0] == '+';
        *open = most == is_high;
        *end = most != is_high;
        return true;
    }
    if (text.n == 0 || (text.p[0] != '[' && text.p[0] != '('))
        return false;
    b->key = bytes_of(text.p + 1, text.n - 1);
    b->after = (text.p[0] == '[') == is_high;
    return true;
}

bool zset_args_range(const struct call *call, int i, struct zset_range *r)
{
    bool swapped = r->backwards && r->by != ZSET_BY_RANK;
    struct bytes low = call->argv[i + swapped], high = call->argv[i + !swapped];
    switch (r->by) {
    case ZSET_BY_RANK:
        return call_int(call, i, &r->first) && call_int(call, i + 1, &r->last);
    case ZSET_BY_SCORE:
        return score_range(call, low, high, r);
    default:
        if (parse_lex(low, &r->low, false, &r->low_open, &r->low_end) &&
            parse_lex(high, &r->high, true, &r->high_open, &r->high_end))
            return true;
        reply_errorf(call->reply, "ERR min or max not valid string range item");
        return false;
    }
}

static void by_rank(size_t count, const struct zset_range *r, size_t *from, size_t *n)
{
    long long size = (long long)count, first = r->first, last = r->last;
    if (first < 0)
        first = first + size < 0 ? 0 : first + size;
    if (last < 0)
        last += size;
    if (last >= size)
        last = size - 1;
    *from = *n = 0;
    if (first > last || first >= size)
        return;
    *n = (size_t)(last - first + 1);
    *from = (size_t)(r->backwards ? size - 1 - first : first);
}

void zset_args_ranks(const struct zset *z, const struct zset_range *r, size_t *from, size_t *n)
{
    size_t count = zset_count(z);
    if (r->by == ZSET_BY_RANK) {
        by_rank(count, r, from, n);
        return;
    }
    size_t low = r->low_open ? 0 : r->low_end ? count : zset_before(z, &r->low);
    size_t high = r->high_open ? count : r->high_end ? 0 : zset_before(z, &r->high);
    *n = high > low ? high - low : 0;
    *from = r->backwards ? high - 1 : low;
    if (!r->limited || *n == 0)
        return;
    if (r->offset < 0 || (size_t)r->offset >= *n) {
        *n = 0;
        return;
    }
    *n -= (size_t)r->offset;
    *from = r->backwards ? *from - (size_t)r->offset : *from + (size_t)r->offset;
    if (r->limit >= 0 && (size_t)r->limit < *n)
        *n = (size_t)r->limit;
}

void zset_args_reply(const struct call *call, const struct zset_item *x, bool scores)
{
    if (scores && call->reply->resp == 3)
        reply_array(call->reply, 2);
    reply_bulk(call->reply, x->member);
    if (scores)
        reply_double(call->reply, x->score);
}

void zset_args_reply_length(const struct call *call, size_t n, bool scores)
{
    reply_array(call->reply, scores && call->reply->resp == 2 ? 2 * n : n);
}
