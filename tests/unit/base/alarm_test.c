#include "base/alarm.h"

#include "base/clock.h"
#include "unit.h"

#include <pthread.h>

static volatile int rings;
static pthread_t rang_in;

static void rang(void)
{
    rings = rings + 1;
    rang_in = pthread_self();
}

static void wait_for(int n, int64_t most_us)
{
    for (int64_t end = clock_mono_us() + most_us; rings < n && clock_mono_us() < end;)
        continue; /* as code that does not come back */
}

TEST(it_rings_once_after_its_time_in_the_thread_that_made_it)
{
    alarm_make(rang);
    int64_t us = clock_mono_us();
    alarm_arm(20000);
    CHECK(rings == 0);
    wait_for(1, 10000000);
    CHECK(rings == 1 && clock_mono_us() - us >= 20000);
    CHECK(pthread_equal(rang_in, pthread_self()));
    clock_delay(50000, 0);
    CHECK(rings == 1);
}

TEST(the_last_arming_counts)
{
    rings = 0;
    alarm_arm(10000000);
    alarm_arm(1000);
    wait_for(1, 5000000);
    CHECK(rings == 1);
}

UNIT_MAIN(T(it_rings_once_after_its_time_in_the_thread_that_made_it), T(the_last_arming_counts))
