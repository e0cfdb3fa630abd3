#include "base/rng.h"
#include "broker/broker_bucket.h"
#include "unit.h"

/* broker C3: full at first, then one after the other, evenly. */
TEST(tokens_come_evenly)
{
    struct broker_bucket b = {0};
    int64_t now = 1700000000000;
    CHECK(broker_bucket_tokens(&b, 10, 1000, now) == 10);
    broker_bucket_take(&b, 10);
    CHECK(broker_bucket_tokens(&b, 10, 1000, now) == 0);
    CHECK(broker_bucket_next_ms(&b) == now + 100);
    CHECK(broker_bucket_tokens(&b, 10, 1000, now + 99) == 0);
    CHECK(broker_bucket_next_ms(&b) == now + 100);
    CHECK(broker_bucket_tokens(&b, 10, 1000, now + 100) == 1);
    broker_bucket_take(&b, 1);
    CHECK(broker_bucket_tokens(&b, 10, 1000, now + 350) == 2);
    /* Never more than full; another rate fills it; the clock does not go back. */
    CHECK(broker_bucket_tokens(&b, 10, 1000, now + 100000) == 10);
    broker_bucket_take(&b, 10);
    CHECK(broker_bucket_tokens(&b, 10, 1000, now + 5000) == 0);
    CHECK(broker_bucket_tokens(&b, 10, 1001, now + 100000) == 10);
    CHECK(broker_bucket_tokens(&b, 3, 86400000, now + 100000) == 3);
    broker_bucket_take(&b, 3);
    CHECK(broker_bucket_next_ms(&b) == now + 100000 + 28800000);
}

/* broker C3: whole numbers: however it is asked, n come in ms, and no more. */
TEST(nothing_is_lost_or_gained)
{
    static const int64_t rates[][2] = {{1, 1},       {1000000, 1},     {1000000, 86400000},
                                       {7, 1000},    {333333, 100000}, {1, 86400000},
                                       {999983, 997}};
    struct rng rng;
    rng_seed(&rng, 1);
    for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
        struct broker_bucket b = {0};
        int64_t n = rates[i][0], ms = rates[i][1], now = 1700000000000, began = now;
        uint64_t taken = broker_bucket_tokens(&b, n, ms, now);
        CHECK(taken == (uint64_t)n);
        broker_bucket_take(&b, taken);
        taken = 0;
        for (int k = 0; k < 10000; k++) {
            now += (int64_t)rng_below(&rng, (uint64_t)(ms > 100 ? ms / 50 : 2));
            uint64_t there = broker_bucket_tokens(&b, n, ms, now);
            /* All that came, where no full bucket overflows. */
            uint64_t came = (uint64_t)((now - began) * n / ms);
            CHECK(n == 1 || ms == 1 ? taken + there <= came : taken + there == came);
            if (there == 0)
                CHECK(broker_bucket_next_ms(&b) > now);
            broker_bucket_take(&b, there);
            taken += there;
        }
    }
}

UNIT_MAIN(T(tokens_come_evenly), T(nothing_is_lost_or_gained))
