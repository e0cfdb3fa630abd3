#include "store/lru.h"

#include "unit.h"

#include <math.h>

static struct entry *new_entry(void)
{
    return entry_new_inline(BYTES("k"), 0, BYTES("x"));
}

TEST(idle_time_is_counted_in_quarters_of_a_second)
{
    struct lru l;
    struct entry *e = new_entry();
    lru_init(&l, 1);
    lru_set_time(&l, 1700000000000);
    lru_begin(&l, e);
    CHECK(lru_idle_ticks(&l, e) == 0 && lru_idle_s(&l, e) == 0);
    lru_set_time(&l, 1700000000000 + 1750);
    CHECK(lru_idle_ticks(&l, e) == 7 && lru_idle_s(&l, e) == 1);
    lru_touch(&l, e);
    CHECK(lru_idle_ticks(&l, e) == 0);
    lru_set(&l, e, 3600, -1);
    CHECK(lru_idle_s(&l, e) == 3600);
    /* Under LRU a frequency says nothing, and not told changes nothing. */
    lru_set(&l, e, -1, 200);
    CHECK(lru_idle_s(&l, e) == 3600);
    entry_free(e);
}

TEST(the_clock_may_wrap_between_two_uses)
{
    struct lru l;
    struct entry *e = new_entry();
    lru_init(&l, 1);
    lru_set_time(&l, (int64_t)0xfffffe * LRU_TICK_MS);
    lru_begin(&l, e);
    CHECK(e->lru == 0xfffffe);
    lru_set_time(&l, (int64_t)0x1000003 * LRU_TICK_MS);
    CHECK(l.clock == 3 && lru_idle_ticks(&l, e) == 5);
    entry_free(e);
}

TEST(the_frequency_counter_grows_with_the_logarithm)
{
    struct lru l;
    struct entry *e = new_entry();
    lru_init(&l, 7);
    l.lfu = true;
    lru_set_time(&l, 60000000);
    lru_begin(&l, e);
    CHECK(lru_frequency(&l, e) == 5);
    for (int i = 0; i < 100; i++)
        lru_touch(&l, e);
    CHECK(lru_frequency(&l, e) >= 6 && lru_frequency(&l, e) < 20);
    for (int i = 0; i < 1000000; i++)
        lru_touch(&l, e);
    CHECK(lru_frequency(&l, e) > 240);
    for (int i = 0; i < 1000000; i++)
        lru_touch(&l, e);
    CHECK(lru_frequency(&l, e) == 255);
    entry_free(e);
}

/* How many uses it takes to come from the counter 15 to 16: a geometric distribution with the mean
 * 10 * factor + 1, whose mean over many trials is near that. */
TEST(the_chance_of_a_use_is_the_documented_one)
{
    enum { TRIALS = 20000 };
    struct lru l;
    struct entry *e = new_entry();
    for (uint32_t factor = 0; factor <= 10; factor += 5) {
        double mean = 10.0 * factor + 1, uses = 0;
        lru_init(&l, factor + 1);
        l.lfu = true;
        l.log_factor = factor;
        lru_set_time(&l, 60000000);
        for (int i = 0; i < TRIALS; i++) {
            lru_set(&l, e, -1, 15);
            do {
                lru_touch(&l, e);
                uses++;
            } while (lru_frequency(&l, e) == 15);
            CHECK(lru_frequency(&l, e) == 16);
        }
        /* Five standard errors. */
        CHECK(fabs(uses / TRIALS - mean) <= 5 * mean / sqrt(TRIALS));
    }
    entry_free(e);
}

TEST(the_frequency_counter_decays_by_the_minute)
{
    struct lru l;
    struct entry *e = new_entry();
    lru_init(&l, 7);
    l.lfu = true;
    lru_set_time(&l, 60000000);
    lru_set(&l, e, -1, 200);
    CHECK(lru_frequency(&l, e) == 200);
    /* 0 is a frequency; a negative one is none. */
    lru_set(&l, e, -1, 0);
    CHECK(lru_frequency(&l, e) == 0);
    lru_set(&l, e, 5, 200);
    lru_set(&l, e, 5, -1);
    CHECK(lru_frequency(&l, e) == 200);
    lru_set_time(&l, 60000000 + 59999);
    CHECK(lru_frequency(&l, e) == 200);
    lru_set_time(&l, 60000000 + 100 * 60000);
    CHECK(lru_frequency(&l, e) == 100);
    l.decay_minutes = 3;
    CHECK(lru_frequency(&l, e) == 167);
    l.decay_minutes = 0;
    CHECK(lru_frequency(&l, e) == 200);
    l.decay_minutes = 1;
    lru_set_time(&l, 60000000 + 201 * 60000);
    CHECK(lru_frequency(&l, e) == 0);
    /* A use keeps what is left and starts the minutes anew. */
    lru_set_time(&l, 60000000 + 150 * 60000);
    l.log_factor = 1000000;
    lru_touch(&l, e);
    lru_set_time(&l, 60000000 + 160 * 60000);
    CHECK(lru_frequency(&l, e) == 40);
    /* Minutes wrap after 45 days. */
    lru_set_time(&l, (int64_t)0xffff * 60000);
    lru_set(&l, e, -1, 9);
    lru_set_time(&l, (int64_t)0x10001 * 60000);
    CHECK(lru_frequency(&l, e) == 7);
    entry_free(e);
}

UNIT_MAIN(T(idle_time_is_counted_in_quarters_of_a_second), T(the_clock_may_wrap_between_two_uses),
          T(the_frequency_counter_grows_with_the_logarithm),
          T(the_chance_of_a_use_is_the_documented_one),
          T(the_frequency_counter_decays_by_the_minute))
