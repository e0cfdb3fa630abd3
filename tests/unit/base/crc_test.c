#include "base/crc.h"

#include "base/mem.h"
#include "base/rng.h"
#include "unit.h"

#include <string.h>

/* One bit after the other, as the polynomials say. */
static uint64_t slow_64(uint64_t crc, const unsigned char *p, size_t n)
{
    for (; n; n--, p++) {
        crc ^= *p;
        for (int k = 0; k < 8; k++)
            crc = crc & 1 ? crc >> 1 ^ 0x95ac9329ac4bc9b5u : crc >> 1;
    }
    return crc;
}

static uint32_t slow_32c(uint32_t crc, const unsigned char *p, size_t n)
{
    crc = ~crc;
    for (; n; n--, p++) {
        crc ^= *p;
        for (int k = 0; k < 8; k++)
            crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
    }
    return ~crc;
}

TEST(the_values_that_are_published)
{
    crc_init();
    CHECK(crc_64(0, "123456789", 9) == 0xe9c6d914c4b8d9ca);
    CHECK(crc_32c(0, "123456789", 9) == 0xe3069283);
    CHECK(crc_16(0, "123456789", 9) == 0x31c3);
}

TEST(all_lengths_and_seeds)
{
    struct rng r;
    unsigned char *data = mem_alloc(3000);
    rng_seed(&r, 8);
    for (size_t i = 0; i < 3000; i++)
        data[i] = (unsigned char)rng_next(&r);
    for (size_t n = 0; n < 1200; n++) {
        size_t at = (size_t)rng_below(&r, 1500);
        uint64_t seed = rng_next(&r);
        CHECK(crc_64(seed, data + at, n) == slow_64(seed, data + at, n));
        CHECK(crc_32c((uint32_t)seed, data + at, n) == slow_32c((uint32_t)seed, data + at, n));
        /* In two parts. */
        size_t part = n ? (size_t)rng_below(&r, n) : 0;
        CHECK(crc_64(crc_64(seed, data + at, part), data + at + part, n - part) ==
              crc_64(seed, data + at, n));
    }
    mem_free(data);
}

UNIT_MAIN(T(the_values_that_are_published), T(all_lengths_and_seeds))
