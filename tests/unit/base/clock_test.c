#include "base/clock.h"

#include "unit.h"

#include <stdlib.h>
#include <time.h>

TEST(the_wall_clock_is_that_of_the_system)
{
    int64_t before = (int64_t)time(NULL), ms = clock_wall_ms(), us = clock_wall_us();
    CHECK(ms / 1000 >= before - 1 && ms / 1000 <= before + 60);
    CHECK(us / 1000 >= ms && us / 1000 < ms + 60000);
}

TEST(steady_time_begins_at_the_wall_clock_and_only_grows)
{
    int64_t last = clock_steady_ms();
    CHECK(llabs(last - clock_wall_ms()) < 60000);
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_steady_ms();
        CHECK(now >= last);
        last = now;
    }
}

TEST(the_counter_measures_what_the_clock_does)
{
    clock_ticks_per_us();
    int64_t us = clock_mono_us();
    uint64_t ticks = clock_ticks();
    clock_delay(20000, 0);
    double counted = (double)(clock_ticks() - ticks) / clock_ticks_per_us();
    double passed = (double)(clock_mono_us() - us);
    CHECK(passed >= 20000);
    CHECK(counted > passed * 0.8 && counted < passed * 1.2);
}

/* Who scrapes a counter takes one that falls for a restart, and counts all of it again. */
TEST(a_sum_of_ticks_does_not_fall)
{
    double last = 0;
    bool fell = false;
    clock_ticks_per_us();
    clock_delay(110000, 0);
    for (int i = 0; i < 100000 && !fell; i++) {
        double us = 1e12 / clock_ticks_per_us();
        fell = us < last;
        last = us;
    }
    CHECK(!fell);
}

TEST(sleeping_is_no_time_of_the_processor)
{
    int64_t cpu = clock_thread_us(), us = clock_mono_us();
    clock_delay(30000, 0);
    CHECK(clock_mono_us() - us >= 30000);
    CHECK(clock_thread_us() - cpu < 20000);
}

TEST(a_delay_of_less_than_nothing_is_a_share_of_the_calls)
{
    int64_t us = clock_mono_us();
    clock_delay(0, 7);
    for (uint64_t i = 1; i < 1000; i++)
        clock_delay(-1000, i);
    CHECK(clock_mono_us() - us < 50000); /* a thousand sleeps would take longer */
    us = clock_mono_us();
    clock_delay(-1000, 2000);
    CHECK(clock_mono_us() - us >= 1);
}

UNIT_MAIN(T(the_wall_clock_is_that_of_the_system),
          T(steady_time_begins_at_the_wall_clock_and_only_grows),
          T(the_counter_measures_what_the_clock_does), T(a_sum_of_ticks_does_not_fall),
          T(sleeping_is_no_time_of_the_processor),
          T(a_delay_of_less_than_nothing_is_a_share_of_the_calls))
