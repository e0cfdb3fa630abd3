#include "base/lz.h"

#include "base/rng.h"
#include "unit.h"

#include <stdint.h>
#include <string.h>

static char text[4000], packed[8000], out[4000];

static void fill(void)
{
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = "job:waiting"[i % 11];
}

TEST(what_was_packed_comes_out_again)
{
    fill();
    size_t n = lz_compress(text, sizeof(text), packed, lz_bound(sizeof(text)));
    CHECK(n > 0 && n < sizeof(text) / 10);
    CHECK(lz_expand(packed, n, out, sizeof(out)) && memcmp(text, out, sizeof(out)) == 0);
    n = lz_compress("", 0, packed, sizeof(packed));
    CHECK(n > 0 && lz_expand(packed, n, out, 0));
}

TEST(what_does_not_fit_is_refused)
{
    struct rng r;
    rng_seed(&r, 1);
    for (size_t i = 0; i < sizeof(text); i += 8) {
        uint64_t x = rng_next(&r);
        memcpy(text + i, &x, 8);
    }
    CHECK(lz_compress(text, sizeof(text), packed, sizeof(text)) == 0);
    size_t n = lz_compress(text, sizeof(text), packed, lz_bound(sizeof(text)));
    CHECK(n > sizeof(text) && n <= lz_bound(sizeof(text)));
    CHECK(lz_compress(text, SIZE_MAX, packed, sizeof(packed)) == 0);
    CHECK(lz_bound(SIZE_MAX) == 0);
}

TEST(damage_is_noticed_and_harms_nothing)
{
    struct rng r;
    fill();
    size_t n = lz_compress(text, sizeof(text), packed, sizeof(packed));
    CHECK(!lz_expand(packed, n - 1, out, sizeof(out)));
    CHECK(!lz_expand(packed, n, out, sizeof(out) - 1));
    CHECK(!lz_expand(packed, 0, out, sizeof(out)));
    CHECK(!lz_expand(packed, SIZE_MAX, out, sizeof(out)));
    rng_seed(&r, 2);
    for (int i = 0; i < 2000; i++) {
        char bent[8000];
        memcpy(bent, packed, n);
        bent[rng_below(&r, n)] ^= (char)(1 + rng_below(&r, 255));
        lz_expand(bent, n, out, sizeof(out)); /* whatever comes: the sanitizers look on */
    }
}

UNIT_MAIN(T(what_was_packed_comes_out_again), T(what_does_not_fit_is_refused),
          T(damage_is_noticed_and_harms_nothing))
