#include "base/histogram.h"

#include "unit.h"

#include <string.h>

TEST(classes_are_an_eighth_wide_and_follow_each_other)
{
    CHECK(histogram_class(0) == 0 && histogram_class(UINT64_MAX) == HISTOGRAM_CLASSES - 1);
    for (unsigned i = 0; i + 1 < HISTOGRAM_CLASSES; i++) {
        uint64_t end = (uint64_t)histogram_end(i);
        CHECK(histogram_class(end - 1) == i);
        CHECK(i > 50 * HISTOGRAM_STEPS || histogram_class(end) == i + 1);
        CHECK(histogram_end(i + 1) / histogram_end(i) < 1.13 || i < HISTOGRAM_STEPS);
    }
}

static uint64_t counts[HISTOGRAM_CLASSES], before[HISTOGRAM_CLASSES];

TEST(quantiles_are_ends_of_classes_and_leave_out_what_was_before)
{
    memset(counts, 0, sizeof(counts));
    CHECK(histogram_quantile(counts, NULL, 0.5) <= 0);
    for (uint64_t v = 1; v <= 1000; v++)
        counts[histogram_class(v)]++;
    CHECK(histogram_count(counts) == 1000);
    double p50 = histogram_quantile(counts, NULL, 0.5),
           p99 = histogram_quantile(counts, NULL, 0.99);
    CHECK(p50 >= 500 && p50 <= 563 && p99 >= 990 && p99 <= 1114);
    CHECK(histogram_quantile(counts, NULL, 1) >= 1000);
    memcpy(before, counts, sizeof(before));
    CHECK(histogram_quantile(counts, before, 0.5) <= 0);
    counts[histogram_class(70)]++;
    double only = histogram_quantile(counts, before, 0.99);
    CHECK(only > 70 && only < 79);
}

TEST(sums_up_to_limits_ascend_and_never_take_what_is_above)
{
    static const double limits[] = {1, 100, 500, 1e6};
    uint64_t out[4];
    memset(counts, 0, sizeof(counts));
    for (uint64_t v = 1; v <= 1000; v++)
        counts[histogram_class(v)]++;
    histogram_cumulate(counts, limits, 4, out);
    CHECK(out[0] == 0 && out[1] <= 100 && out[1] >= 88 && out[2] <= 500 && out[2] >= 440);
    CHECK(out[3] == 1000);
}

UNIT_MAIN(T(classes_are_an_eighth_wide_and_follow_each_other),
          T(quantiles_are_ends_of_classes_and_leave_out_what_was_before),
          T(sums_up_to_limits_ascend_and_never_take_what_is_above))
