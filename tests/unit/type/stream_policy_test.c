#include "base/mem.h"
#include "base/rng.h"
#include "type/stream/stream_policy.h"
#include "unit.h"

static bool name_is(const char *key, const char *wanted)
{
    struct buf b = {0};
    bool made = stream_policy_dead_letter_name(bytes_text(key), &b);
    bool good = made ? wanted && bytes_equal(buf_bytes(&b), bytes_text(wanted)) : !wanted;
    good = good && (made || b.n == 0);
    buf_free(&b);
    return good;
}

/* broker P5: in the stream's slot, whatever its name is; no name that would lie in another. */
TEST(dead_letters_lie_in_the_slot_of_the_stream)
{
    CHECK(name_is("jobs", "{jobs}:dlq"));
    CHECK(name_is("{a}:jobs", "{a}:jobs:dlq") && name_is("x{a}y", "x{a}y:dlq"));
    CHECK(name_is("a{b", "{a{b}:dlq") && name_is("{", "{{}:dlq"));
    CHECK(name_is("a}b", NULL) && name_is("}{", NULL));
    /* A tag of nothing is none, and what comes behind it is not looked at. */
    CHECK(name_is("a{}b", NULL) && name_is("a{}{b}", NULL));
    CHECK(name_is("{}}", NULL) && name_is("{a}}", "{a}}:dlq"));
    CHECK(name_is("", "{}:dlq"));
}

static bool retry_reads(const struct stream_policy *p, const char *wanted)
{
    struct buf b = {0};
    stream_policy_print_retry(p, &b);
    bool good = bytes_equal(buf_bytes(&b), bytes_text(wanted));
    buf_free(&b);
    return good;
}

/* broker P3, P7 */
TEST(defaults_and_jobs)
{
    struct stream_policy *p = stream_policy_new(BYTES("dead"));
    CHECK(p->lease_ms == 0 && p->max_deliver == 0 && p->retry == STREAM_RETRY_NONE &&
          p->jitter == 0 && !p->delete_acked && !p->paused && p->prefetch == 0);
    CHECK(retry_reads(p, "NONE"));
    stream_policy_jobs(p);
    CHECK(p->lease_ms == 30000 && p->max_deliver == 16 && p->jitter == 20 && p->delete_acked &&
          p->max_pending == 0 && bytes_equal(str_bytes(p->dead_letter), BYTES("dead")));
    CHECK(retry_reads(p, "EXP 1000 600000 2"));
    int64_t list[STREAM_POLICY_BACKOFFS_MOST] = {1000, 5000};
    stream_policy_set_retry(p, STREAM_RETRY_LIST, list, 2, 1);
    CHECK(retry_reads(p, "LIST 1000 5000"));
    stream_policy_set_retry(p, STREAM_RETRY_FIXED, list, 1, 1);
    CHECK(retry_reads(p, "FIXED 1000"));
    stream_policy_set_retry(p, STREAM_RETRY_EXP, list, 2, 1.5);
    CHECK(retry_reads(p, "EXP 1000 5000 1.5"));
    /* Section 17: a policy takes at most 1 KiB. */
    stream_policy_set_retry(p, STREAM_RETRY_LIST, list, STREAM_POLICY_BACKOFFS_MOST, 1);
    CHECK(stream_policy_memory(p) > 512 && stream_policy_memory(p) <= 1024);
    stream_policy_free(p);
    stream_policy_free(NULL);
}

/* broker R2: NONE, FIXED, EXP and LIST by the number of deliveries, where 0 counts as 1. */
TEST(backoff_follows_the_count)
{
    struct stream_policy *p = stream_policy_new(BYTES(""));
    CHECK(stream_policy_backoff(p, 5, 0.9) == 0);
    static const int64_t fixed[] = {500}, growing[] = {1000, 600000}, list[] = {7, 70, 700};
    stream_policy_set_retry(p, STREAM_RETRY_FIXED, fixed, 1, 1);
    CHECK(stream_policy_backoff(p, 0, 0) == 500 && stream_policy_backoff(p, 99, 0.5) == 500);
    stream_policy_set_retry(p, STREAM_RETRY_EXP, growing, 2, 2);
    CHECK(stream_policy_backoff(p, 0, 0) == 1000 && stream_policy_backoff(p, 1, 0) == 1000);
    CHECK(stream_policy_backoff(p, 2, 0) == 2000 && stream_policy_backoff(p, 10, 0) == 512000);
    CHECK(stream_policy_backoff(p, 11, 0) == 600000 &&
          stream_policy_backoff(p, INT64_MAX, 0) == 600000);
    stream_policy_set_retry(p, STREAM_RETRY_EXP, growing, 2, 1.5);
    CHECK(stream_policy_backoff(p, 3, 0) == 2250);
    static const int64_t nothing[] = {0, 600000};
    stream_policy_set_retry(p, STREAM_RETRY_EXP, nothing, 2, 100);
    CHECK(stream_policy_backoff(p, INT64_MAX, 0) == 0);
    static const int64_t falling[] = {5000, 100}; /* the most is below the base */
    stream_policy_set_retry(p, STREAM_RETRY_EXP, falling, 2, 2);
    CHECK(stream_policy_backoff(p, 1, 0) == 100);
    stream_policy_set_retry(p, STREAM_RETRY_LIST, list, 3, 1);
    CHECK(stream_policy_backoff(p, 0, 0) == 7 && stream_policy_backoff(p, 1, 0) == 7);
    CHECK(stream_policy_backoff(p, 3, 0) == 700 && stream_policy_backoff(p, 4, 0) == 700);
    stream_policy_free(p);
}

/* broker R4: whole milliseconds from b * (100 - p) / 100 to b, each as likely as another. */
TEST(jitter_only_makes_it_earlier)
{
    struct stream_policy *p = stream_policy_new(BYTES(""));
    static const int64_t bases[] = {0, 1, 3, 10, 99, 1000, STREAM_POLICY_BACKOFF_MOST};
    struct rng rng;
    rng_seed(&rng, 7);
    for (unsigned i = 0; i < sizeof(bases) / sizeof(*bases); i++)
        for (unsigned jitter = 0; jitter <= 100; jitter += 5) {
            int64_t base = bases[i];
            stream_policy_set_retry(p, STREAM_RETRY_FIXED, &base, 1, 1);
            p->jitter = jitter;
            CHECK(stream_policy_backoff(p, 1, 0x1.fffffffffffffp-1) == base);
            int64_t least = stream_policy_backoff(p, 1, 0);
            CHECK(least * 100 >= base * (100 - (int64_t)jitter));
            CHECK((least - 1) * 100 < base * (100 - (int64_t)jitter) || least == 0);
            for (int n = 0; n < 50; n++) {
                double chance = (double)rng_below(&rng, 1000000) / 1000000;
                int64_t ms = stream_policy_backoff(p, 1, chance);
                CHECK(ms >= least && ms <= base);
            }
        }
    int64_t base = 3;
    unsigned seen[4] = {0};
    stream_policy_set_retry(p, STREAM_RETRY_FIXED, &base, 1, 1);
    p->jitter = 100;
    for (int n = 0; n < 1000; n++)
        seen[stream_policy_backoff(p, 1, n / 1000.0)]++;
    for (int i = 0; i < 4; i++)
        CHECK(seen[i] == 250);
    stream_policy_free(p);
}

/* broker D1 */
TEST(deliveries_are_used_up)
{
    struct stream_policy *p = stream_policy_new(BYTES(""));
    CHECK(!stream_policy_is_used_up(p, 1000000) && stream_policy_is_used_up(p, INT64_MAX));
    p->max_deliver = 3;
    CHECK(!stream_policy_is_used_up(p, 2) && stream_policy_is_used_up(p, 3) &&
          stream_policy_is_used_up(p, INT64_MAX));
    stream_policy_free(p);
}

/* broker P11: rules are compared, what was counted is not; a copy has the rules. */
TEST(equal_means_the_rules)
{
    static const int64_t list[] = {1, 2}, other[] = {1, 3};
    struct stream_policy *p = stream_policy_new(BYTES("d"));
    stream_policy_set_retry(p, STREAM_RETRY_LIST, list, 2, 1);
    p->counts.dead = 5;
    p->watch = p;
    struct stream_policy *q = stream_policy_copy(p);
    CHECK(stream_policy_equal(p, q) && q->counts.dead == 0 && !q->watch &&
          q->retry_ms != p->retry_ms);
#define DIFFERS(field, value)                                                                      \
    do {                                                                                           \
        __typeof__(q->field) was = q->field;                                                       \
        q->field = value;                                                                          \
        CHECK(!stream_policy_equal(p, q));                                                         \
        q->field = was;                                                                            \
        CHECK(stream_policy_equal(p, q));                                                          \
    } while (0)
    DIFFERS(lease_ms, 1);
    DIFFERS(max_deliver, 1);
    DIFFERS(prefetch, 1);
    DIFFERS(max_pending, 1);
    DIFFERS(jitter, 1);
    DIFFERS(delete_acked, true);
    DIFFERS(paused, true);
    DIFFERS(order_skips, true);
    DIFFERS(rate, 1);
    DIFFERS(rate_ms, 1);
    DIFFERS(single_ms, 1);
    DIFFERS(release_on_close, true);
    DIFFERS(consumer_ttl_ms, 1);
    DIFFERS(group_ttl_ms, 1);
    DIFFERS(factor, 3);
    stream_policy_set_retry(q, STREAM_RETRY_LIST, other, 2, 1);
    CHECK(!stream_policy_equal(p, q));
    stream_policy_set_retry(q, STREAM_RETRY_LIST, list, 1, 1);
    CHECK(!stream_policy_equal(p, q));
    stream_policy_set_retry(q, STREAM_RETRY_LIST, list, 2, 1);
    CHECK(stream_policy_equal(p, q));
    stream_policy_set_order(q, BYTES("e"), false);
    CHECK(!stream_policy_equal(p, q));
    stream_policy_set_order(q, BYTES(""), false);
    stream_policy_set_dead_letter(q, BYTES("e"));
    CHECK(!stream_policy_equal(p, q));
    stream_policy_free(p);
    stream_policy_free(q);
}

UNIT_MAIN(T(dead_letters_lie_in_the_slot_of_the_stream), T(defaults_and_jobs),
          T(backoff_follows_the_count), T(jitter_only_makes_it_earlier), T(deliveries_are_used_up),
          T(equal_means_the_rules))
