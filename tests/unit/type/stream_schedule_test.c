#include "type/stream/stream_schedules.h"

#include "base/mem.h"
#include "base/rng.h"
#include "schedules.h"

static struct stream_schedule *set(struct stream_schedules *s, const char *name,
                                   struct stream_schedule_rules r)
{
    struct stream_schedule *x = stream_schedules_set(s, bytes_text(name), &r);
    CHECK(stream_schedules_is_sound(s) && stream_schedules_find(s, bytes_text(name)) == x);
    return x;
}

/* The next moments, each of which is fired; want ends with 0 (and so on) or -1 (it is over). */
static bool fires_at(struct stream_schedules *s, struct stream_schedule *x, const int64_t *want)
{
    for (; *want > 0; want++) {
        if (x->next_ms != *want) {
            printf("# next %lld, not %lld\n", (long long)x->next_ms, (long long)*want);
            return false;
        }
        stream_schedules_mark(s, x, x->next_ms, x->fired + 1);
        if (!stream_schedules_is_sound(s))
            return false;
    }
    return stream_schedule_is_over(x) == (*want != 0);
}
#define FIRES(s, x, ...) CHECK(fires_at(s, x, (const int64_t[]){__VA_ARGS__}))

/* broker K5, K8 */
TEST(moments_follow_from_the_rules)
{
    struct stream_schedules s = {0};
    struct stream_schedule *x = set(&s, "a", every(MIN, T0));
    CHECK(x->next_ms == T0 + MIN && stream_schedule_left(x) == -1);
    FIRES(&s, x, T0 + MIN, T0 + 2 * MIN, T0 + 3 * MIN, 0);
    struct stream_schedule_rules r = every(MIN, T0);
    r.until_ms = T0 + 2 * MIN;
    x = set(&s, "until", r);
    FIRES(&s, x, T0 + MIN, T0 + 2 * MIN, -1);
    CHECK(stream_schedule_due_ms(x) == T0 + 2 * MIN);
    r.until_ms = T0;
    CHECK(stream_schedule_due_ms(set(&s, "never", r)) == T0);
    r = every(MIN, T0);
    r.limit = 2;
    x = set(&s, "limit", r);
    CHECK(stream_schedule_left(x) == 2);
    FIRES(&s, x, T0 + MIN, T0 + 2 * MIN, -1);
    CHECK(stream_schedule_left(x) == 0);
    /* Of a cron expression: no moment before the start, but one at it. */
    FIRES(&s, set(&s, "c", cron("*/10 * * * *", T0)), T0, T0 + 10 * MIN, 0);
    FIRES(&s, set(&s, "d", cron("*/10 * * * *", T0 + 1)), T0 + 10 * MIN, T0 + 20 * MIN, 0);
    r = cron("@daily", T0);
    r.until_ms = T0 + DAY;
    FIRES(&s, set(&s, "e", r), T0, T0 + DAY, -1);
    /* The world ends with the year 9999. */
    FIRES(&s, set(&s, "f", every(DAY, STREAM_SCHEDULE_MOMENT_MOST - DAY)),
          STREAM_SCHEDULE_MOMENT_MOST, -1);
    stream_schedules_free(&s);
}

/* broker K11: other rules keep what was fired, and no moment comes again */
TEST(other_rules_go_on)
{
    struct stream_schedules s = {0};
    struct stream_schedule *x = set(&s, "a", every(MIN, T0));
    FIRES(&s, x, T0 + MIN, T0 + 2 * MIN, 0);
    x->missed = 5;
    struct stream_schedule_rules r = every(2 * MIN, T0 - MIN);
    r.limit = 2;
    CHECK(set(&s, "a", r) == x && x->fired == 2 && x->last_ms == T0 + 2 * MIN && x->missed == 5);
    CHECK(stream_schedule_left(x) == 2 && x->rules.limit == 4);
    FIRES(&s, x, T0 + 3 * MIN, T0 + 5 * MIN, -1);
    /* Rules that point into the schedule itself. */
    r = x->rules;
    r.limit = -1;
    CHECK(set(&s, "a", r) == x && bytes_equal(x->rules.pairs[1], BYTES("report")));
    CHECK(x->next_ms == T0 + 7 * MIN);
    /* A limit that is beyond all counting. */
    stream_schedules_mark(&s, x, x->last_ms, INT64_MAX - 1);
    r = x->rules;
    r.limit = 5;
    set(&s, "a", r);
    CHECK(x->rules.limit == INT64_MAX && stream_schedule_left(x) == 1);
    stream_schedules_pass(&s, x, T0 + 9 * MIN);
    CHECK(x->next_ms == T0 + 11 * MIN && x->last_ms == T0 + 5 * MIN);
    /* The last moment is not taken back. */
    stream_schedules_mark(&s, x, T0, 1);
    CHECK(x->next_ms == T0 + 11 * MIN && x->last_ms == T0 && stream_schedules_is_sound(&s));
    CHECK(stream_schedules_count(&s) == 1);
    stream_schedules_remove(&s, x);
    CHECK(stream_schedules_count(&s) == 0 && stream_schedules_is_sound(&s));
    stream_schedules_free(&s);
}

TEST(rules_are_compared)
{
    struct stream_schedule_rules a = cron("@daily", 5), b = a;
    struct bytes other[] = {BYTES("task"), BYTES("Report")};
    b.start_ms = 7;
    b.limit = 9;
    CHECK(stream_schedule_rules_equal(&a, &b));
#define DIFFERS(change)                                                                            \
    b = a;                                                                                         \
    change;                                                                                        \
    CHECK(!stream_schedule_rules_equal(&a, &b))
    DIFFERS(b.cron = BYTES("@hourly"));
    DIFFERS(b.zone = BYTES("GMT"));
    DIFFERS(b.in = NULL);
    DIFFERS(b.every_ms = 100);
    DIFFERS(b.until_ms = 1);
    DIFFERS(b.catchup = STREAM_CATCHUP_ALL);
    DIFFERS(b.pairs = other);
    DIFFERS(b.pairs_n = 1);
}

/* What is found by halving, against counting one by one. */
static void look_back(struct stream_schedules *s, struct stream_schedule *x, int64_t until)
{
    struct stream_schedule_rules r = x->rules;
    struct stream_schedules one = {0};
    struct stream_schedule *y = stream_schedules_set(&one, BYTES("y"), &r);
    int64_t moments[64];
    size_t n = 0;
    stream_schedules_pass(&one, y, x->passed_ms);
    while (n < 64 && y->next_ms <= until) {
        moments[n++] = y->next_ms;
        stream_schedules_pass(&one, y, y->next_ms);
    }
    CHECK(stream_schedule_count_until(x, until, 64) == n);
    CHECK(stream_schedule_count_until(x, until, 2) == (n < 2 ? n : 2));
    if (n && n < 64)
        CHECK(stream_schedule_last_until(x, until) == moments[n - 1]);
    for (size_t k = 1; k < n && n < 64; k++) {
        uint64_t searches;
        int64_t before = stream_schedule_before_last(x, until, k, &searches);
        CHECK(before >= moments[n - k - 1] && before < moments[n - k]);
    }
    stream_schedules_free(&one);
    CHECK(stream_schedules_is_sound(s));
}

TEST(looking_back_counts_the_moments)
{
    static const char *const crons[] = {"*/7 * * * *", "* * * * * *", "30 5 * * 1", "0 0 1 1 *",
                                        "15,45 8-17/3 * * MON-FRI"};
    struct stream_schedules s = {0};
    struct rng rng;
    rng_seed(&rng, 5);
    for (int i = 0; i < 400; i++) {
        int64_t span = 100 + (int64_t)rng_below(&rng, (uint64_t)1 << rng_below(&rng, 28));
        struct stream_schedule_rules r = rng_below(&rng, 2)
                                             ? every(span, T0 - (int64_t)rng_below(&rng, DAY))
                                             : cron(crons[rng_below(&rng, 5)], T0 - DAY);
        if (rng_below(&rng, 4) == 0)
            r.until_ms = T0 + (int64_t)rng_below(&rng, DAY);
        struct stream_schedule *x = set(&s, "x", r);
        int64_t from = T0 + (int64_t)rng_below(&rng, MIN);
        if (from >= x->passed_ms)
            stream_schedules_pass(&s, x, from);
        int64_t until = x->passed_ms + (int64_t)rng_below(&rng, (uint64_t)span * 20);
        look_back(&s, x, until);
        look_back(&s, x, x->next_ms < INT64_MAX ? x->next_ms : until);
        stream_schedules_remove(&s, x);
    }
    stream_schedules_free(&s);
}

/* broker K6: it is done within one action, so moments are not searched again and again. */
TEST(looking_back_takes_few_searches)
{
    static const struct {
        const char *text;
        int64_t days;
    } all[] = {{"* * * * * *", 1},         {"* * * * * *", 4000},      {"*/7 * * * *", 30},
               {"*/7 * * * *", 4000},      {"30 5 * * 1", 40000},      {"0 0 1 1 *", 90000},
               {"* * * 1 1 *", 300},       {"* * * 1 1 *", 400},       {"0-9 * * 1 * *", 80},
               {"15 8-17/3 * * 1-5", 900}, {"*/2 0-2 0 1 1,7 *", 4000}};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        struct stream_schedules s = {0};
        struct stream_schedule_rules r = cron(all[i].text, T0);
        struct stream_schedule *x = set(&s, "x", r);
        int64_t until = T0 + all[i].days * DAY, before;
        uint64_t searches;
        before = stream_schedule_before_last(x, until, 1000, &searches);
        if (searches > 4000)
            printf("# %s: %llu\n", all[i].text, (unsigned long long)searches);
        CHECK(searches <= 4000);
        if (before > x->passed_ms) {
            stream_schedules_pass(&s, x, before - 1);
            CHECK(x->next_ms == before && stream_schedule_count_until(x, until, 9999) == 1001);
        } else {
            CHECK(stream_schedule_count_until(x, until, 9999) <= 1000);
        }
        stream_schedules_free(&s);
    }
}

UNIT_MAIN(T(moments_follow_from_the_rules), T(other_rules_go_on), T(rules_are_compared),
          T(looking_back_counts_the_moments), T(looking_back_takes_few_searches))
