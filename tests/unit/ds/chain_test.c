#include "base/rng.h"
#include "ds/chain.h"
#include "unit.h"

/* Random appends, references, takes and cuts against a plain array. */
TEST(behaves_like_an_array)
{
    static char model[4 << 20], got[1 << 20];
    for (unsigned seed = 1; seed < 40; seed++) {
        struct chain c = {0};
        struct rng rng;
        size_t from = 0, to = 0;
        rng_seed(&rng, seed);
        for (int step = 0; step < 400; step++) {
            size_t n = (size_t)rng_below(&rng, rng_below(&rng, 10) ? 300 : 40000);
            char bytes[40000];
            for (size_t i = 0; i < n; i++)
                bytes[i] = (char)rng_next(&rng);
            if (to + n > sizeof(model))
                break;
            switch (rng_below(&rng, 5)) {
            case 0: {
                struct str *s = str_new(bytes_of(bytes, n));
                chain_add_str(&c, s);
                str_unref(s);
                memcpy(model + to, bytes, n);
                to += n;
                break;
            }
            case 1:
                n = (size_t)rng_below(&rng, to - from + 1);
                chain_take(&c, n);
                from += n;
                break;
            case 2:
                if (rng_below(&rng, 4) == 0) {
                    to = from + (size_t)rng_below(&rng, to - from + 1);
                    chain_cut(&c, to);
                }
                break;
            default:
                chain_add(&c, bytes_of(bytes, n));
                memcpy(model + to, bytes, n);
                to += n;
            }
            CHECK(chain_end(&c) == to && chain_pending(&c) == to - from);
            struct iovec pieces[64];
            int k = chain_pieces(&c, pieces, 64, UINT64_MAX);
            size_t sum = 0;
            for (int i = 0; i < k && sum + pieces[i].iov_len <= sizeof(got); i++) {
                memcpy(got + sum, pieces[i].iov_base, pieces[i].iov_len);
                sum += pieces[i].iov_len;
            }
            CHECK(sum <= to - from && memcmp(got, model + from, sum) == 0);
        }
        chain_free(&c);
    }
}

UNIT_MAIN(T(behaves_like_an_array))
