#include "server/rate.h"
#include "unit.h"

TEST(first_sample_says_only_where_it_begins)
{
    struct rate r = {0};
    rate_sample(&r, 1000000, 5000);
    CHECK(rate_mean(&r) == 0);
    rate_sample(&r, 1000100, 5100);
    CHECK(rate_mean(&r) * RATE_SAMPLES == 1000);
}

TEST(mean_of_the_last_samples)
{
    struct rate r = {0};
    uint64_t count = 0;
    int64_t now_ms = 100;
    rate_sample(&r, count, now_ms);
    for (int i = 0; i < RATE_SAMPLES; i++)
        rate_sample(&r, count += 50, now_ms += 100);
    CHECK(rate_mean(&r) == 500);
    /* The oldest sample gives way. */
    rate_sample(&r, count += 210, now_ms += 100);
    CHECK(rate_mean(&r) == 500 + (2100.0 - 500) / RATE_SAMPLES);
    for (int i = 0; i < RATE_SAMPLES; i++)
        rate_sample(&r, count, now_ms += 100);
    CHECK(rate_mean(&r) == 0);
}

TEST(time_that_stands_still_gives_no_sample)
{
    struct rate r = {0};
    rate_sample(&r, 10, 100);
    rate_sample(&r, 20, 100);
    CHECK(rate_mean(&r) == 0 && r.at == 0);
    rate_sample(&r, 30, 200);
    CHECK(rate_mean(&r) * RATE_SAMPLES == 100);
}

UNIT_MAIN(T(first_sample_says_only_where_it_begins), T(mean_of_the_last_samples),
          T(time_that_stands_still_gives_no_sample))
