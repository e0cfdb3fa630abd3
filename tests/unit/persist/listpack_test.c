#include "base/mem.h"
#include "base/rng.h"
#include "persist/listpack.h"
#include "unit.h"

TEST(what_is_written_reads_back)
{
    struct rng rng;
    struct buf b = {0};
    rng_seed(&rng, 3);
    for (int round = 0; round < 300; round++) {
        static char texts[100][6000];
        size_t lengths[100];
        listpack_begin(&b);
        for (int i = 0; i < 100; i++) {
            if (rng_below(&rng, 2)) {
                int64_t v = (int64_t)(rng_next(&rng) >> rng_below(&rng, 64)) *
                            (rng_below(&rng, 2) ? 1 : -1);
                lengths[i] = (size_t)sprintf(texts[i], "%lld", (long long)v);
            } else {
                lengths[i] = (size_t)rng_below(&rng, rng_below(&rng, 8) ? 100 : 6000);
                memset(texts[i], 'a' + i % 26, lengths[i]);
            }
            listpack_add(&b, bytes_of(texts[i], lengths[i]));
        }
        listpack_end(&b);
        struct listpack_reader r;
        struct bytes x;
        char scratch[24];
        bool bad;
        CHECK(listpack_open(&r, buf_bytes(&b)));
        for (int i = 0; i < 100; i++)
            CHECK(listpack_next(&r, scratch, &x, &bad) &&
                  bytes_equal(x, bytes_of(texts[i], lengths[i])));
        CHECK(!listpack_next(&r, scratch, &x, &bad) && !bad);
    }
    buf_free(&b);
}

/* Damage is noticed or harmless; it never reads outside. */
TEST(damage_is_survived)
{
    struct rng rng;
    struct buf b = {0};
    rng_seed(&rng, 4);
    listpack_begin(&b);
    for (int i = 0; i < 20; i++)
        listpack_add_int(&b, i * 1000 - 5000), listpack_add(&b, BYTES("some text"));
    listpack_end(&b);
    for (int round = 0; round < 100000; round++) {
        char *copy = mem_alloc(b.n);
        memcpy(copy, b.p, b.n);
        for (int k = 0; k < 3; k++)
            copy[rng_below(&rng, b.n)] = (char)rng_next(&rng);
        struct listpack_reader r;
        struct bytes x;
        char scratch[24];
        bool bad;
        if (listpack_open(&r, bytes_of(copy, b.n)))
            while (listpack_next(&r, scratch, &x, &bad))
                CHECK(x.n <= b.n);
        mem_free(copy);
    }
    buf_free(&b);
}

UNIT_MAIN(T(what_is_written_reads_back), T(damage_is_survived))
