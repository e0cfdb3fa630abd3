#include "base/hash.h"

#include "unit.h"

#include <stdio.h>

TEST(a_seed_tells_the_hash)
{
    hash_init("seed", 4);
    uint64_t a = hash_key(BYTES("key")), empty = hash_key(BYTES(""));
    CHECK(a == hash_key(BYTES("key")) && a != hash_key(BYTES("kez")) && a != empty);
    hash_init("other", 5);
    CHECK(hash_key(BYTES("key")) != a);
    hash_init("seed", 4);
    CHECK(hash_key(BYTES("key")) == a && hash_key(BYTES("")) == empty);
}

TEST(without_a_seed_no_two_are_alike)
{
    hash_init(NULL, 0);
    uint64_t a = hash_key(BYTES("key"));
    hash_init(NULL, 0);
    CHECK(hash_key(BYTES("key")) != a);
}

TEST(keys_are_spread_over_buckets)
{
    int seen[64] = {0};
    char key[16];
    hash_init("seed", 4);
    for (int i = 0; i < 64000; i++) {
        int n = snprintf(key, sizeof(key), "key:%d", i);
        seen[hash_key(bytes_of(key, (size_t)n)) % 64]++;
    }
    for (int i = 0; i < 64; i++)
        CHECK(seen[i] > 800 && seen[i] < 1200);
}

TEST(the_hashes_of_formats_are_the_published_ones)
{
    uint64_t low, high;
    CHECK(hash_xxh3(BYTES("")) == 0x2d06800538d394c2u);
    hash_xxh3_128(BYTES(""), &low, &high);
    CHECK(low == 0x6001c324468d497fu && high == 0x99aa06d3014798d8u);
    hash_init("seed", 4);
    CHECK(hash_xxh3(BYTES("")) == 0x2d06800538d394c2u);
}

UNIT_MAIN(T(a_seed_tells_the_hash), T(without_a_seed_no_two_are_alike),
          T(keys_are_spread_over_buckets), T(the_hashes_of_formats_are_the_published_ones))
