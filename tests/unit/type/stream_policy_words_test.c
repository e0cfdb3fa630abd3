#include "type/stream/stream_policy_words.h"

#include "base/mem.h"
#include "base/rng.h"
#include "unit.h"

static bool says(const struct stream_policy *p, const char *want)
{
    struct bytes words[STREAM_POLICY_WORDS_MOST];
    struct buf room = {0}, line = {0};
    int n = stream_policy_words(p, words, &room);
    for (int i = 0; i < n; i++) {
        if (i)
            buf_add_char(&line, ' ');
        buf_add(&line, words[i].n ? words[i] : BYTES("\"\""));
    }
    bool same = bytes_equal(buf_bytes(&line), bytes_text(want));
    if (!same)
        printf("# <%.*s>\n", (int)line.n, line.p);
    buf_free(&room);
    buf_free(&line);
    return same;
}

/* broker P11: all 16 options, in their order. */
TEST(all_rules_are_told)
{
    struct stream_policy *p = stream_policy_new(BYTES("{q}:dlq"));
    CHECK(says(p, "LEASE 0 RETRY NONE JITTER 0 MAXDELIVER 0 DEADLETTER {q}:dlq ONACK KEEP "
                  "PREFETCH 0 MAXPENDING 0 RATE 0 0 ORDERBY \"\" HOLD SINGLE 0 ONDISCONNECT KEEP "
                  "CONSUMERTTL 0 GROUPTTL 0 PAUSE OFF"));
    stream_policy_jobs(p);
    stream_policy_set_dead_letter(p, BYTES("two words"));
    p->prefetch = 5;
    p->max_pending = 6;
    p->paused = true;
    CHECK(says(p, "LEASE 30000 RETRY EXP 1000 600000 2 JITTER 20 MAXDELIVER 16 DEADLETTER two "
                  "words ONACK DELETE PREFETCH 5 MAXPENDING 6 RATE 0 0 ORDERBY \"\" HOLD SINGLE 0 "
                  "ONDISCONNECT KEEP CONSUMERTTL 0 GROUPTTL 0 PAUSE ON"));
    stream_policy_set_rate(p, 100, 1000);
    stream_policy_set_order(p, BYTES("a field"), true);
    p->single_ms = 7;
    p->release_on_close = true;
    p->consumer_ttl_ms = 8;
    p->group_ttl_ms = 9;
    CHECK(says(p, "LEASE 30000 RETRY EXP 1000 600000 2 JITTER 20 MAXDELIVER 16 DEADLETTER two "
                  "words ONACK DELETE PREFETCH 5 MAXPENDING 6 RATE 100 1000 ORDERBY a field SKIP "
                  "SINGLE 7 ONDISCONNECT RELEASE CONSUMERTTL 8 GROUPTTL 9 PAUSE ON"));
    int64_t ms[STREAM_POLICY_BACKOFFS_MOST] = {0};
    stream_policy_set_retry(p, STREAM_RETRY_LIST, ms, STREAM_POLICY_BACKOFFS_MOST, 0);
    stream_policy_set_dead_letter(p, BYTES(""));
    struct bytes words[STREAM_POLICY_WORDS_MOST];
    struct buf room = {0};
    CHECK(stream_policy_words(p, words, &room) == STREAM_POLICY_WORDS_MOST);
    buf_free(&room);
    stream_policy_free(p);
}

static struct stream_policy *random_policy(struct rng *rng)
{
    struct stream_policy *p = stream_policy_new(rng_below(rng, 2) ? BYTES("") : BYTES("a b"));
    int64_t ms[STREAM_POLICY_BACKOFFS_MOST];
    enum stream_retry retry = (enum stream_retry)rng_below(rng, 4);
    unsigned n = retry == STREAM_RETRY_LIST ? 1 + (unsigned)rng_below(rng, 64) : (unsigned)retry;
    for (unsigned i = 0; i < n; i++)
        ms[i] = (int64_t)rng_below(rng, STREAM_POLICY_BACKOFF_MOST + 1);
    stream_policy_set_retry(p, retry, ms, n, 1 + (double)rng_below(rng, 9901) / 100);
    p->lease_ms = (int64_t)rng_below(rng, STREAM_POLICY_LEASE_MOST + 1);
    p->max_deliver = (int64_t)rng_below(rng, STREAM_POLICY_DELIVER_MOST + 1);
    stream_policy_set_order(p, rng_below(rng, 2) ? BYTES("") : BYTES("HOLD"), rng_below(rng, 2));
    stream_policy_set_rate(p, (int64_t)rng_below(rng, 3), 1 + (int64_t)rng_below(rng, 9));
    p->single_ms = (int64_t)rng_below(rng, STREAM_POLICY_SINGLE_MOST + 1);
    p->release_on_close = rng_below(rng, 2);
    p->consumer_ttl_ms = (int64_t)rng_below(rng, STREAM_POLICY_TTL_MOST + 1);
    p->group_ttl_ms = (int64_t)rng_below(rng, STREAM_POLICY_TTL_MOST + 1);
    p->prefetch = (int64_t)rng_below(rng, STREAM_POLICY_PREFETCH_MOST + 1);
    p->max_pending = (int64_t)rng_below(rng, STREAM_POLICY_PENDING_MOST + 1);
    p->jitter = (unsigned)rng_below(rng, 101);
    p->delete_acked = rng_below(rng, 2);
    p->paused = rng_below(rng, 2);
    return p;
}

/* What was told reads as it was; a word less, or another one, is no policy or another one. */
TEST(words_read_as_they_were_told)
{
    struct rng rng;
    rng_seed(&rng, 5);
    for (int round = 0; round < 500; round++) {
        struct stream_policy *p = random_policy(&rng), *q;
        struct bytes words[STREAM_POLICY_WORDS_MOST];
        struct buf room = {0};
        int n = stream_policy_words(p, words, &room);
        q = stream_policy_words_read(words, n);
        CHECK(q && stream_policy_equal(p, q));
        stream_policy_free(q);
        for (int i = 0; i < n; i++)
            CHECK(!stream_policy_words_read(words, i));
        int at = (int)rng_below(&rng, (uint64_t)n);
        struct bytes was = words[at];
        words[at] = rng_below(&rng, 2) ? BYTES("7") : BYTES("SPEED");
        q = stream_policy_words_read(words, n);
        CHECK(!q || !stream_policy_equal(p, q) || bytes_equal(was, words[at]));
        stream_policy_free(q);
        buf_free(&room);
        stream_policy_free(p);
    }
}

UNIT_MAIN(T(all_rules_are_told), T(words_read_as_they_were_told))
