#include "base/lzf.h"

#include "base/mem.h"
#include "base/rng.h"
#include "unit.h"

#include <string.h>

/* Into blocks of exactly the size, so that a sanitizer sees one byte too many. */
static void there_and_back(const char *text, size_t n)
{
    char *in = mem_alloc(n + 1), *out = mem_alloc(n + 1), *packed = mem_alloc(2 * n + 16);
    memcpy(in, text, n);
    size_t size = lzf_pack(in, n, packed, 2 * n + 16);
    if (n >= 4) {
        CHECK(size > 0 && size <= n + n / 32 + 1);
        char *exact = mem_alloc(size);
        memcpy(exact, packed, size);
        CHECK(lzf_unpack(exact, size, out, n) && memcmp(out, text, n) == 0);
        CHECK(!lzf_unpack(exact, size, out, n - 1) && !lzf_unpack(exact, size - 1, out, n));
        /* Just enough room, and one byte less. */
        char *tight = mem_alloc(size);
        CHECK(lzf_pack(in, n, tight, size) == size && lzf_pack(in, n, tight, size - 1) == 0);
        mem_free(tight);
        mem_free(exact);
    }
    mem_free(in);
    mem_free(out);
    mem_free(packed);
}

TEST(what_is_packed_comes_back)
{
    static char text[100000];
    struct rng r;
    rng_seed(&r, 3);
    there_and_back("", 0);
    for (int round = 0; round < 3000; round++) {
        size_t n = (size_t)rng_below(&r, round % 100 ? 3000 : sizeof(text));
        unsigned letters = 1 + (unsigned)rng_below(&r, round % 3 ? 4 : 256);
        for (size_t i = 0; i < n; i++)
            if (i > 50 && rng_below(&r, 40) == 0) {
                size_t back = 1 + (size_t)rng_below(&r, i < 9000 ? i : 9000);
                for (size_t k = (size_t)rng_below(&r, 400); k && i < n; k--, i++)
                    text[i] = text[i - back];
                i--;
            } else {
                text[i] = (char)rng_below(&r, letters);
            }
        there_and_back(text, n);
    }
}

TEST(repetitions_become_small)
{
    char text[5000], packed[5000];
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = "{\"name\":\"value\"},"[i % 17];
    CHECK(lzf_pack(text, sizeof(text), packed, sizeof(packed)) < 120);
}

TEST(damage_is_survived)
{
    struct rng r;
    rng_seed(&r, 4);
    for (int round = 0; round < 100000; round++) {
        size_t n = 1 + (size_t)rng_below(&r, 60), room = (size_t)rng_below(&r, 300);
        char *in = mem_alloc(n), *out = mem_alloc(room + 1);
        for (size_t i = 0; i < n; i++)
            in[i] = (char)rng_next(&r);
        lzf_unpack(in, n, out, room);
        mem_free(in);
        mem_free(out);
    }
}

UNIT_MAIN(T(what_is_packed_comes_back), T(repetitions_become_small), T(damage_is_survived))
