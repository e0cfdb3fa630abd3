#include "type/zset.h"

#include "base/hash.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

enum { MEMBERS = 400 };

static bool in[MEMBERS];
static double scores[MEMBERS];

static struct bytes member_of(char *to, unsigned i)
{
    return bytes_of(to, (size_t)sprintf(to, "m%u", i));
}

static int order(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
    char s[16], t[16];
    if (scores[x] != scores[y])
        return scores[x] < scores[y] ? -1 : 1;
    return bytes_compare(member_of(s, x), member_of(t, y));
}

static bool agrees(const struct zset *z)
{
    unsigned sorted[MEMBERS], n = 0;
    char text[16];
    struct zset_walk w;
    struct zset_item x;
    for (unsigned i = 0; i < MEMBERS; i++)
        if (in[i])
            sorted[n++] = i;
    qsort(sorted, n, sizeof(*sorted), order);
    if (zset_count(z) != n)
        return false;
    for (unsigned k = 0; k < n; k++) {
        size_t rank;
        double score;
        if (!zset_rank(z, member_of(text, sorted[k]), &rank, &score) || rank != k ||
            score != scores[sorted[k]])
            return false;
    }
    /* Part walks in both directions. */
    for (unsigned from = 0; from < n; from += 7) {
        size_t len = n - from < 5 ? n - from : 5;
        zset_walk_start(&w, z, from, len, false);
        for (size_t k = 0; k < len; k++)
            if (!zset_walk_next(&w, &x) ||
                !bytes_equal(x.member, member_of(text, sorted[from + k])))
                return false;
        if (zset_walk_next(&w, &x))
            return false;
        len = from + 1 < 5 ? from + 1 : 5;
        zset_walk_start(&w, z, from, len, true);
        for (size_t k = 0; k < len; k++)
            if (!zset_walk_next(&w, &x) ||
                !bytes_equal(x.member, member_of(text, sorted[from - k])))
                return false;
    }
    return true;
}

static void play(unsigned seed, struct zset_limits limits, unsigned members)
{
    struct rng r;
    struct zset *z = zset_new();
    char text[16];
    rng_seed(&r, seed);
    memset(in, 0, sizeof(in));
    for (int step = 0; step < 8000; step++) {
        unsigned i = (unsigned)rng_below(&r, members);
        struct bytes x = member_of(text, i);
        switch (rng_below(&r, 5)) {
        case 0:
            CHECK(zset_remove(&z, x) == in[i]);
            in[i] = false;
            break;
        case 1:
            if (rng_below(&r, 40) == 0 && zset_count(z)) {
                /* A range of ranks goes. */
                unsigned sorted[MEMBERS], n = 0;
                for (unsigned k = 0; k < MEMBERS; k++)
                    if (in[k])
                        sorted[n++] = k;
                qsort(sorted, n, sizeof(*sorted), order);
                unsigned from = (unsigned)rng_below(&r, n),
                         len = (unsigned)rng_below(&r, n - from + 1u);
                zset_remove_ranks(&z, from, len);
                for (unsigned k = from; k < from + len; k++)
                    in[sorted[k]] = false;
                break;
            }
            /* fallthrough */
        default: {
            double score = (double)rng_below(&r, 40) - 20;
            CHECK(zset_set(&z, x, score, &limits) == !in[i]);
            in[i] = true;
            scores[i] = score;
        }
        }
        if (step % 200 == 0) {
            CHECK(agrees(z));
            struct zset *copy = zset_copy(z);
            CHECK(agrees(copy));
            zset_free(copy);
        }
    }
    zset_free(z);
}

TEST(both_forms_agree_with_a_model)
{
    hash_init("fixed", 5);
    play(1, (struct zset_limits){1000, 64}, 60);
    play(2, (struct zset_limits){0, 64}, MEMBERS);
    play(3, (struct zset_limits){50, 64}, MEMBERS);
}

UNIT_MAIN(T(both_forms_agree_with_a_model))
