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
            CHECK(agrees(copy) && zset_is_sound(z) && zset_is_sound(copy));
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

/* Against counting. */
static bool score_bounds_agree(const struct zset *z)
{
    for (int s = -21; s <= 21; s++) {
        for (int after = 0; after < 2; after++) {
            struct ranked_bound b = {.by = RANKED_BY_SCORE, .after = after, .score = s};
            size_t n = 0;
            for (unsigned i = 0; i < MEMBERS; i++)
                n += in[i] && (scores[i] < s || (after && scores[i] == s));
            if (zset_before(z, &b) != n)
                return false;
        }
    }
    return true;
}

/* All scores are equal. */
static bool member_bounds_agree(const struct zset *z)
{
    char text[16], other[16];
    for (unsigned k = 0; k < MEMBERS; k += 13) {
        struct ranked_bound b = {.by = RANKED_BY_KEY, .key = member_of(text, k)};
        size_t n = 0;
        for (unsigned i = 0; i < MEMBERS; i++)
            n += in[i] && bytes_compare(member_of(other, i), b.key) < 0;
        if (zset_before(z, &b) != n)
            return false;
        b.after = true;
        if (zset_before(z, &b) != n + in[k])
            return false;
    }
    return true;
}

TEST(bounds_are_turned_into_ranks)
{
    struct rng r;
    char text[16];
    rng_seed(&r, 8);
    for (int form = 0; form < 2; form++) {
        struct zset_limits limits = {form ? 0 : 1000, 64};
        struct zset *z = zset_new();
        for (unsigned i = 0; i < MEMBERS; i++) {
            in[i] = rng_below(&r, 3) > 0;
            scores[i] = (double)rng_below(&r, 41) - 20;
            if (in[i])
                zset_set(&z, member_of(text, i), scores[i], &limits);
        }
        CHECK(zset_is_large(z) == form && score_bounds_agree(z));
        for (unsigned i = 0; i < MEMBERS; i++) {
            scores[i] = 3;
            if (in[i])
                zset_set(&z, member_of(text, i), 3, &limits);
        }
        CHECK(score_bounds_agree(z) && member_bounds_agree(z) && zset_is_sound(z));
        zset_free(z);
    }
}

TEST(scores_that_are_equal_are_the_same)
{
    for (int form = 0; form < 2; form++) {
        struct zset_limits limits = {form ? 0 : 1000, 64};
        struct zset *z = zset_new();
        double score;
        size_t rank;
        CHECK(zset_set(&z, BYTES("b"), -0.0, &limits) && zset_set(&z, BYTES("a"), 0, &limits));
        CHECK(zset_score(z, BYTES("b"), &score) && score == 0 && 1 / score > 0);
        CHECK(zset_rank(z, BYTES("a"), &rank, &score) && rank == 0);
        CHECK(!zset_set(&z, BYTES("b"), -0.0, &limits) && zset_count(z) == 2 && zset_is_sound(z));
        zset_free(z);
    }
}

static void see(void *context, const struct zset_item *x)
{
    size_t *seen = context;
    seen[(size_t)x->score] += x->member.p[0] == 'm';
}

TEST(a_scan_sees_each_item)
{
    for (int form = 0; form < 2; form++) {
        struct zset_limits limits = {form ? 0 : 1000, 64};
        struct zset *z = zset_new();
        size_t seen[MEMBERS] = {0};
        char text[16];
        uint64_t cursor = 0;
        for (unsigned i = 0; i < MEMBERS; i++)
            zset_set(&z, member_of(text, i), i, &limits);
        do
            cursor = zset_scan(z, cursor, see, seen);
        while (cursor);
        for (unsigned i = 0; i < MEMBERS; i++)
            CHECK(seen[i] == 1);
        zset_free(z);
    }
}

UNIT_MAIN(T(bounds_are_turned_into_ranks), T(scores_that_are_equal_are_the_same),
          T(a_scan_sees_each_item), T(both_forms_agree_with_a_model))
