#include "base/rng.h"

#include "unit.h"

#include <string.h>

TEST(a_seed_tells_the_sequence)
{
    struct rng a, b, c;
    rng_seed(&a, 1);
    rng_seed(&b, 1);
    rng_seed(&c, 2);
    int same = 0;
    for (int i = 0; i < 100; i++) {
        uint64_t x = rng_next(&a);
        CHECK(x == rng_next(&b));
        same += x == rng_next(&c);
    }
    CHECK(same == 0);
}

TEST(the_generator_is_xoshiro)
{
    struct rng r = {{1, 2, 3, 4}}; /* the first numbers of the published algorithm */
    static const uint64_t first[] = {11520, 0, 1509978240, 1215971899390074240};
    for (int i = 0; i < 4; i++)
        CHECK(rng_next(&r) == first[i]);
}

TEST(numbers_below_a_bound_are_spread_evenly)
{
    struct rng r;
    int seen[7] = {0};
    rng_seed(&r, 3);
    for (int i = 0; i < 70000; i++) {
        uint64_t x = rng_below(&r, 7);
        CHECK(x < 7);
        seen[x]++;
    }
    for (int i = 0; i < 7; i++)
        CHECK(seen[i] > 9500 && seen[i] < 10500);
    CHECK(rng_below(&r, 1) == 0);
    /* A bound above a half: simple remainders would prefer the small ones. */
    uint64_t bound = 3ULL << 62;
    int low = 0;
    for (int i = 0; i < 3000; i++)
        low += rng_below(&r, bound) < bound / 3;
    CHECK(low > 850 && low < 1150);
}

TEST(secrets_come_from_the_system)
{
    char a[41] = "", b[41] = "";
    unsigned char bytes[100000];
    rng_hex(a, 40);
    rng_hex(b, 40);
    CHECK(strspn(a, "0123456789abcdef") == 40 && a[40] == 0 && strcmp(a, b) != 0);
    memset(bytes, 0, sizeof(bytes));
    rng_system(bytes, sizeof(bytes)); /* more than one call of the kernel gives */
    int zeros = 0;
    for (size_t i = sizeof(bytes) - 1000; i < sizeof(bytes); i++)
        zeros += bytes[i] == 0;
    CHECK(zeros < 30);
}

UNIT_MAIN(T(a_seed_tells_the_sequence), T(the_generator_is_xoshiro),
          T(numbers_below_a_bound_are_spread_evenly), T(secrets_come_from_the_system))
