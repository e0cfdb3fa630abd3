#include "base/rng.h"
#include "ds/chain.h"
#include "unit.h"

/* Random appends, references, takes and cuts against a plain array. */
TEST(behaves_like_an_array)
{
    static char model[4 << 20], got[1 << 20];
    for (unsigned seed = 1; seed < 40; seed++) {
        struct chain_pool pool = {0};
        struct chain c = {.pool = seed % 3 ? &pool : NULL};
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
            CHECK(chain_is_sound(&c) && (!c.pool || pool.total == c.memory));
        }
        chain_free(&c);
        CHECK(chain_is_sound(&c) && pool.total == 0 && (pool.allocated > 0) == (c.pool != NULL));
        chain_pool_free(&pool);
    }
}

static int told;

static void passed(struct chain *c)
{
    (void)c;
    told++;
}

/* compat 4.4: beyond the limit nothing is kept, and positions go on. */
TEST(a_limit_ends_it)
{
    static char big[100000];
    long long most = 50000;
    struct str *s = str_new(bytes_of(big, sizeof(big)));
    for (int way = 0; way < 4; way++) {
        struct chain_pool pool = {0};
        struct chain c = {.pool = &pool, .most = &most, .passed = passed}, aside = chain_beside(&c);
        uint64_t end = 0;
        told = 0;
        for (int i = 0; i < 6; i++, end += 10000)
            chain_add(&c, bytes_of(big, 10000));
        CHECK(!c.lost && chain_pending(&c) == 60000);
        size_t before = pool.total;
        if (way == 0) {
            chain_add_str(&c, s);
            end += sizeof(big);
        } else if (way == 1) {
            chain_add(&c, bytes_of(big, sizeof(big)));
            end += sizeof(big);
        } else if (way == 2) {
            for (int i = 0; i < 5000; i++, end += 20) {
                memcpy(chain_reserve(&c, 20), big, 20);
                chain_commit(&c, 20);
            }
        } else {
            for (int i = 0; i < 5000; i++, end += 20)
                chain_add(&aside, bytes_of(big, 20));
            CHECK(aside.lost && !told);
            end -= 5000 * 20;
            chain_move(&c, &aside);
        }
        CHECK(c.lost && told == 1 && c.memory < 20000 && pool.total < before);
        for (int i = 0; i < 1000; i++, end += 70) {
            memcpy(chain_reserve(&c, 50), big, 50);
            chain_commit(&c, 50);
            chain_add(&c, bytes_of(big, 20));
        }
        chain_add_str(&c, s);
        end += sizeof(big);
        CHECK(told == 1 && c.memory < 20000 && (way == 3 || chain_end(&c) == end));
        struct iovec piece;
        CHECK(chain_pieces(&c, &piece, 1, UINT64_MAX) == 0);
        chain_cut(&c, 100);
        CHECK(chain_is_sound(&c) && chain_is_sound(&aside));
        chain_free(&c);
        chain_free(&aside);
        CHECK(pool.total == 0);
        chain_pool_free(&pool);
    }
    CHECK(s->refs == 1);
    str_unref(s);
}

TEST(blocks_are_used_again)
{
    static char bytes[20000];
    struct chain_pool pool = {0};
    struct chain c = {.pool = &pool};
    for (int i = 0; i < 3; i++) {
        chain_add(&c, bytes_of(bytes, sizeof(bytes)));
        chain_add(&c, bytes_of(bytes, 100));
        CHECK(chain_is_sound(&c) && pool.total == c.memory);
        chain_take(&c, chain_pending(&c));
    }
    /* Who sends little gets a small block, and always the same. */
    size_t before = pool.allocated;
    for (int i = 0; i < 1000; i++) {
        chain_add(&c, bytes_of(bytes, 100));
        chain_take(&c, 100);
    }
    CHECK(pool.allocated == before + 640 && pool.total == 0 && c.blocks == 0);
    before = pool.allocated;
    /* References are counted at their full size, as long as they are there. */
    struct str *s = str_new(bytes_of(bytes, sizeof(bytes)));
    chain_add_str(&c, s);
    CHECK(s->refs == 2 && pool.total == sizeof(bytes) && chain_sole(&c) == 0);
    str_unref(s);
    CHECK(chain_sole(&c) == sizeof(bytes));
    chain_take(&c, sizeof(bytes));
    CHECK(pool.total == 0 && chain_sole(&c) == 0 && pool.allocated == before);
    chain_free(&c);
    chain_pool_free(&pool);
    CHECK(pool.allocated == 0 && !pool.free[0] && !pool.free[1]);
}

TEST(what_is_made_aside_goes_behind)
{
    struct chain_pool pool = {0};
    struct chain c = {.pool = &pool}, aside;
    struct str *s = str_new(BYTES("by reference"));
    chain_add(&c, BYTES("front "));
    aside = chain_beside(&c);
    CHECK(aside.pool == &pool);
    chain_add(&aside, BYTES("aside "));
    chain_add_str(&aside, s);
    chain_move(&c, &aside);
    CHECK(chain_is_sound(&c) && chain_is_sound(&aside) && chain_pending(&aside) == 0);
    struct iovec pieces[8];
    int n = chain_pieces(&c, pieces, 8, 14);
    CHECK(n == 2 && pieces[0].iov_len == 12 && pieces[1].iov_len == 2);
    CHECK(memcmp(pieces[0].iov_base, "front aside ", 12) == 0);
    CHECK(memcmp(pieces[1].iov_base, "by", 2) == 0 && pieces[1].iov_base == s->p);
    chain_free(&c);
    CHECK(s->refs == 1);
    str_unref(s);
    chain_pool_free(&pool);
}

UNIT_MAIN(T(blocks_are_used_again), T(what_is_made_aside_goes_behind), T(behaves_like_an_array),
          T(a_limit_ends_it))
