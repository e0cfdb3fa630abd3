#include "survey/rings.h"

#include "base/rng.h"
#include "unit.h"

#include <math.h>

static const enum rings_kept hows[] = {RINGS_MEAN, RINGS_LAST, RINGS_LARGEST};
enum { MEAN, LAST, LARGEST };

/* Console S6: the error of a code is below 0.1 %. */
TEST(codes_are_close_to_their_values)
{
    struct rng rng;
    rng_seed(&rng, 5);
    CHECK(rings_code(0) == 0 && rings_value(0) <= 0 && rings_code(-5) == 0);
    CHECK(isnan(rings_value(RINGS_GAP)) && rings_code(NAN) == RINGS_GAP);
    CHECK(rings_code(INFINITY) == RINGS_GAP - 1 && rings_code(1e30) == RINGS_GAP - 1);
    for (double v = 1; v < 1e19; v *= 1.01)
        CHECK(fabs(rings_value(rings_code(v)) - v) / v < 0.001);
    for (unsigned i = 0; i < 1400; i++) /* small numbers are themselves */
        CHECK((unsigned)lround(rings_value(rings_code(i))) == i);
    for (unsigned i = 0; i < RINGS_GAP - 1u; i++)
        CHECK(rings_code(rings_value((uint16_t)i)) == i);
}

static void put(struct rings *h, int64_t ms, double v)
{
    double values[] = {v, v, v};
    rings_put(h, ms, values);
}

/* The values of a span from the end: 0 is the newest. */
static double at(const struct rings *h, unsigned number, enum rings_span span, int64_t now_ms,
                 unsigned back)
{
    uint16_t out[RINGS_MOST];
    rings_read(h, number, span, now_ms, out);
    return rings_value(out[rings_length(span) - 1 - back]);
}

static bool is(double got, double want)
{
    bool good = isnan(want) ? isnan(got) : fabs(got - want) <= 0.002 * want + 0.001;
    if (!good)
        printf("# got %g, wanted %g\n", got, want);
    return good;
}

static unsigned known(const struct rings *h, enum rings_span span, int64_t now_ms)
{
    unsigned n = 0;
    for (unsigned i = 0; i < rings_length(span); i++)
        n += isnan(at(h, LAST, span, now_ms, i)) ? 0 : 1;
    return n;
}

#define START 1700000000000 /* begins a slot of ten seconds; not one of five minutes */

/* Console S6: rates keep the mean, depths the last, ages the largest. */
TEST(coarse_slots_are_made_of_finer_ones)
{
    struct rings h;
    rings_init(&h, 3, hows);
    for (int i = 0; i < 10; i++)
        put(&h, START + i * 2000, (double)i + 1);
    int64_t now = START + 18000;
    for (unsigned back = 0; back < 10; back++)
        CHECK(is(at(&h, LAST, RINGS_MINUTES, now, back), 10 - (double)back));
    CHECK(is(at(&h, MEAN, RINGS_MINUTES, now, 10), NAN));
    CHECK(is(at(&h, MEAN, RINGS_HOUR, now, 1), 3) && is(at(&h, MEAN, RINGS_HOUR, now, 0), 8));
    CHECK(is(at(&h, LAST, RINGS_HOUR, now, 1), 5) && is(at(&h, LAST, RINGS_HOUR, now, 0), 10));
    /* It falls: the last and the largest differ. A slot that is not complete is told as well. */
    put(&h, START + 20000, 4);
    put(&h, START + 22000, 2);
    now = START + 22000;
    CHECK(is(at(&h, MEAN, RINGS_HOUR, now, 0), 3) && is(at(&h, LAST, RINGS_HOUR, now, 0), 2));
    CHECK(is(at(&h, LARGEST, RINGS_HOUR, now, 0), 4));
    CHECK(is(at(&h, LARGEST, RINGS_DAY, now, 0), 10) && is(at(&h, LAST, RINGS_WEEK, now, 0), 2));
    /* Two values in one slot. */
    put(&h, START + 23000, 8);
    CHECK(is(at(&h, MEAN, RINGS_MINUTES, now, 0), 5) && is(at(&h, LAST, RINGS_MINUTES, now, 0), 8));
    rings_free(&h);
}

TEST(a_value_stands_for_the_time_since_the_last_one_or_there_is_a_gap)
{
    struct rings h;
    rings_init(&h, 3, hows);
    put(&h, START, 1);
    put(&h, START + 10000, 5); /* as passes do that nobody waits for */
    int64_t now = START + 10000;
    CHECK(is(at(&h, LAST, RINGS_MINUTES, now, 4), 5) && is(at(&h, LAST, RINGS_MINUTES, now, 5), 1));
    put(&h, START + 30000, 7);
    now = START + 30000;
    CHECK(is(at(&h, LAST, RINGS_MINUTES, now, 0), 7) && known(&h, RINGS_MINUTES, now) == 7);
    CHECK(is(at(&h, LAST, RINGS_MINUTES, now, 1), NAN));
    CHECK(is(at(&h, LAST, RINGS_HOUR, now, 1), NAN) && is(at(&h, LAST, RINGS_HOUR, now, 2), 5));
    /* An hour later: nothing is left of the five minutes, the hour begins with what was. */
    put(&h, START + 3600000, 9);
    now = START + 3600000;
    CHECK(known(&h, RINGS_MINUTES, now) == 1);
    CHECK(known(&h, RINGS_HOUR, now) == 3 && known(&h, RINGS_DAY, now) == 2);
    /* Read before the next value: the plot ends with the last one, later with a gap. */
    CHECK(is(at(&h, LAST, RINGS_MINUTES, now + 15000, 0), 9));
    CHECK(is(at(&h, LAST, RINGS_MINUTES, now + 60000, 0), NAN));
    CHECK(is(at(&h, LAST, RINGS_MINUTES, now + 60000, 30), 9));
    /* A month later all of it is gone. */
    put(&h, START + 30LL * 86400000, 2);
    now = START + 30LL * 86400000;
    for (enum rings_span s = 0; s < RINGS_SPANS; s++)
        CHECK(known(&h, s, now) == 1);
    rings_free(&h);
}

/* Against all values of a week, kept one by one. */
TEST(a_week_of_values_is_what_it_was)
{
    static double kept[7 * 86400 / 2 + 10000]; /* of each slot of 2 seconds; NAN: none */
    struct rings h;
    struct rng rng;
    int64_t first = START / 2000, slot = first;
    rng_seed(&rng, 3);
    rings_init(&h, 3, hows);
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        kept[i] = NAN;
    for (double v = 100; slot - first < 7 * 43200;) {
        v = fabs(v + (double)rng_below(&rng, 21) - 10);
        put(&h, slot * 2000, v);
        kept[slot - first] = v;
        int64_t next = slot + 1 + (rng_below(&rng, 50) == 0 ? (int64_t)rng_below(&rng, 9) : 0);
        next += rng_below(&rng, 20000) == 0 ? 100 + (int64_t)rng_below(&rng, 5000) : 0;
        if (next - slot <= 9 && next - first < 7 * 43200 + 100)
            for (int64_t s = slot + 1; s < next; s++)
                kept[s - first] = -1; /* filled by what comes next */
        slot = next;
    }
    /* What was filled is as the value behind it. */
    for (int64_t i = 7 * 43200 + 100; i > 0; i--)
        kept[i - 1] = kept[i - 1] < 0 ? kept[i] : kept[i - 1];
    int64_t now = h.slot * 2000, end = h.slot - first;
    for (enum rings_span s = 0; s < RINGS_SPANS; s++) {
        uint16_t mean[RINGS_MOST], last[RINGS_MOST], largest[RINGS_MOST];
        int64_t per = rings_step_ms(s) / 2000;
        int64_t from = rings_read(&h, MEAN, s, now, mean) / 2000 - first;
        CHECK(rings_read(&h, LAST, s, now, last) / 2000 - first == from);
        rings_read(&h, LARGEST, s, now, largest);
        for (unsigned i = 0; i < rings_length(s); i++) {
            double top = NAN, newest = NAN;
            for (int64_t k = from + i * per; k < from + (i + 1) * per && k <= end; k++) {
                if (k < 0 || isnan(kept[k]))
                    continue;
                newest = kept[k];
                top = isnan(top) || top < kept[k] ? kept[k] : top;
            }
            CHECK(is(rings_value(last[i]), newest) && is(rings_value(largest[i]), top));
            CHECK(isnan(top) == isnan(rings_value(mean[i])));
            CHECK(isnan(top) || rings_value(mean[i]) <= top * 1.002 + 0.001);
        }
    }
    rings_free(&h);
}

TEST(spans_have_names)
{
    enum rings_span s;
    CHECK(rings_find_span("minutes", 7, &s) && s == RINGS_MINUTES);
    CHECK(rings_find_span("WEEK", 4, &s) && s == RINGS_WEEK && rings_length(s) == 168);
    CHECK(!rings_find_span("wee", 3, &s) && !rings_find_span("", 0, &s));
    CHECK(rings_memory(24) == 24 * 1932);
}

UNIT_MAIN(T(codes_are_close_to_their_values), T(coarse_slots_are_made_of_finer_ones),
          T(a_value_stands_for_the_time_since_the_last_one_or_there_is_a_gap),
          T(a_week_of_values_is_what_it_was), T(spans_have_names))
