#include "broker/broker_rate.h"
#include "unit.h"

static double mean(const struct broker_rate *r, int64_t now_ms, uint64_t n)
{
    uint64_t counts[BROKER_RATE_KINDS] = {n};
    double out[BROKER_RATE_KINDS];
    broker_rate_mean(r, now_ms, counts, out);
    CHECK(out[1] == 0);
    return out[0];
}

static void sample(struct broker_rate *r, int64_t now_ms, uint64_t n)
{
    uint64_t counts[BROKER_RATE_KINDS] = {n};
    broker_rate_sample(r, now_ms, counts);
}

/* broker I1: the mean of the last ten seconds, or of the time since counting began. */
TEST(rates_are_of_the_last_ten_seconds)
{
    struct broker_rate r = {0};
    const int64_t at = 1795900000000;
    CHECK(mean(&r, at, 5) == 0 && broker_rate_is_due(&r, at));
    sample(&r, at, 0);
    CHECK(!broker_rate_is_due(&r, at + 999) && broker_rate_is_due(&r, at + 1000));
    CHECK(mean(&r, at + 500, 100) == 100 && mean(&r, at + 2000, 100) == 50);
    for (int i = 1; i <= 60; i++)
        sample(&r, at + i * 1000, (uint64_t)i * 7);
    CHECK(mean(&r, at + 60000, 420) == 7);
    /* At rest: less and less, then what came since the last sample. */
    CHECK(mean(&r, at + 65000, 420) == 3.5 && mean(&r, at + 80000, 420) == 0);
    CHECK(mean(&r, at + 80000, 440) == 1);
}

TEST(large_numbers_and_long_rests)
{
    struct broker_rate r = {0};
    const int64_t at = 1795900000000, weeks = (int64_t)UINT32_MAX + 1;
    sample(&r, at, UINT32_MAX - 5);
    CHECK(mean(&r, at + 1000, (uint64_t)UINT32_MAX + 5) == 10);
    CHECK(mean(&r, at + 1000, 3) == 9); /* the same lower half */
    /* A sample that is as many ms old as a number of 32 bits holds is not taken for a new one. */
    sample(&r, at + weeks, 1000);
    CHECK(mean(&r, at + weeks + 1000, 1010) == 1);
    /* Counting began anew. */
    CHECK(mean(&r, at + weeks + 1000, 0) == 0);
}

UNIT_MAIN(T(rates_are_of_the_last_ten_seconds), T(large_numbers_and_long_rests))
