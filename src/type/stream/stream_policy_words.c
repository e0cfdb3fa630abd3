#include "type/stream/stream_policy_words.h"

#include "base/assert.h"
#include "base/num.h"

/* Splits a text at its blanks. */
static int split(struct bytes text, struct bytes *words)
{
    int n = 0;
    for (size_t at = 0, i = 0; i <= text.n; i++)
        if (i == text.n || text.p[i] == ' ') {
            words[n++] = bytes_of(text.p + at, i - at);
            at = i + 1;
        }
    return n;
}

int stream_policy_words(const struct stream_policy *p, struct bytes *words, struct buf *room)
{
    ASSERT(room->n == 0 && p->retry_n <= STREAM_POLICY_BACKOFFS_MOST);
    buf_printf(room, "LEASE %lld RETRY ", (long long)p->lease_ms);
    stream_policy_print_retry(p, room);
    buf_printf(room, " JITTER %u MAXDELIVER %lld DEADLETTER", p->jitter, (long long)p->max_deliver);
    size_t letters = room->n;
    buf_printf(room, "ONACK %s PREFETCH %lld MAXPENDING %lld RATE %lld %lld ORDERBY",
               p->delete_acked ? "DELETE" : "KEEP", (long long)p->prefetch,
               (long long)p->max_pending, (long long)p->rate, (long long)p->rate_ms);
    size_t order = room->n;
    buf_printf(room, "%s SINGLE %lld ONDISCONNECT %s CONSUMERTTL %lld GROUPTTL %lld PAUSE %s",
               p->order_skips ? "SKIP" : "HOLD", (long long)p->single_ms,
               p->release_on_close ? "RELEASE" : "KEEP", (long long)p->consumer_ttl_ms,
               (long long)p->group_ttl_ms, p->paused ? "ON" : "OFF");
    int n = split(bytes_of(room->p, letters), words);
    words[n++] = str_bytes(p->dead_letter);
    n += split(bytes_of(room->p + letters, order - letters), words + n);
    words[n++] = str_bytes(p->order_by);
    n += split(bytes_of(room->p + order, room->n - order), words + n);
    ASSERT(n <= STREAM_POLICY_WORDS_MOST);
    return n;
}

/* ---- Reading */

struct reader {
    const struct bytes *words;
    int n, at;
};

static bool next_is(struct reader *r, const char *word)
{
    bool is = r->at < r->n && bytes_equal(r->words[r->at], bytes_text(word));
    r->at += is;
    return is;
}

static bool number(struct reader *r, int64_t most, int64_t *out)
{
    long long v;
    if (r->at == r->n || !num_parse_int(r->words[r->at], &v) || v < 0 || v > most)
        return false;
    r->at++;
    *out = v;
    return true;
}

static bool named_number(struct reader *r, const char *name, int64_t most, int64_t *out)
{
    return next_is(r, name) && number(r, most, out);
}

/* Reads one of two words; *out: it is the second. */
static bool choice(struct reader *r, const char *name, const char *no, const char *yes, bool *out)
{
    if (!next_is(r, name))
        return false;
    *out = next_is(r, yes);
    return *out || next_is(r, no);
}

static bool read_retry(struct reader *r, struct stream_policy *p)
{
    int64_t ms[STREAM_POLICY_BACKOFFS_MOST];
    unsigned n = 0;
    double factor = 2;
    if (!next_is(r, "RETRY"))
        return false;
    enum stream_retry retry = next_is(r, "FIXED")  ? STREAM_RETRY_FIXED
                              : next_is(r, "EXP")  ? STREAM_RETRY_EXP
                              : next_is(r, "LIST") ? STREAM_RETRY_LIST
                                                   : STREAM_RETRY_NONE;
    if (retry == STREAM_RETRY_NONE && !next_is(r, "NONE"))
        return false;
    unsigned most = retry == STREAM_RETRY_LIST ? STREAM_POLICY_BACKOFFS_MOST : (unsigned)retry;
    while (n < most && number(r, STREAM_POLICY_BACKOFF_MOST, &ms[n]))
        n++;
    if (retry == STREAM_RETRY_LIST ? n == 0 : n != most)
        return false;
    if (retry == STREAM_RETRY_EXP &&
        (r->at == r->n || !num_parse_double(r->words[r->at++], &factor) || !(factor >= 1) ||
         factor > STREAM_POLICY_FACTOR_MOST))
        return false;
    stream_policy_set_retry(p, retry, ms, n, factor);
    return true;
}

static bool read_rate(struct reader *r, struct stream_policy *p)
{
    int64_t n, ms;
    if (!named_number(r, "RATE", STREAM_POLICY_RATE_MOST, &n) ||
        !number(r, STREAM_POLICY_RATE_MS_MOST, &ms) || (n == 0) != (ms == 0))
        return false;
    stream_policy_set_rate(p, n, ms);
    return true;
}

static bool read_order(struct reader *r, struct stream_policy *p)
{
    if (!next_is(r, "ORDERBY") || r->at == r->n)
        return false;
    struct bytes field = r->words[r->at++];
    bool skips = next_is(r, "SKIP");
    if (!skips && !next_is(r, "HOLD"))
        return false;
    stream_policy_set_order(p, field, skips);
    return true;
}

static bool read_all(struct reader *r, struct stream_policy *p)
{
    int64_t jitter;
    if (!named_number(r, "LEASE", STREAM_POLICY_LEASE_MOST, &p->lease_ms) || !read_retry(r, p) ||
        !named_number(r, "JITTER", 100, &jitter) ||
        !named_number(r, "MAXDELIVER", STREAM_POLICY_DELIVER_MOST, &p->max_deliver) ||
        !next_is(r, "DEADLETTER") || r->at == r->n)
        return false;
    p->jitter = (unsigned)jitter;
    stream_policy_set_dead_letter(p, r->words[r->at++]);
    return choice(r, "ONACK", "KEEP", "DELETE", &p->delete_acked) &&
           named_number(r, "PREFETCH", STREAM_POLICY_PREFETCH_MOST, &p->prefetch) &&
           named_number(r, "MAXPENDING", STREAM_POLICY_PENDING_MOST, &p->max_pending) &&
           read_rate(r, p) && read_order(r, p) &&
           named_number(r, "SINGLE", STREAM_POLICY_SINGLE_MOST, &p->single_ms) &&
           choice(r, "ONDISCONNECT", "KEEP", "RELEASE", &p->release_on_close) &&
           named_number(r, "CONSUMERTTL", STREAM_POLICY_TTL_MOST, &p->consumer_ttl_ms) &&
           named_number(r, "GROUPTTL", STREAM_POLICY_TTL_MOST, &p->group_ttl_ms) &&
           choice(r, "PAUSE", "OFF", "ON", &p->paused) && r->at == r->n;
}

struct stream_policy *stream_policy_words_read(const struct bytes *words, int n)
{
    struct reader r = {words, n, 0};
    struct stream_policy *p = stream_policy_new(BYTES(""));
    if (read_all(&r, p))
        return p;
    stream_policy_free(p);
    return NULL;
}
