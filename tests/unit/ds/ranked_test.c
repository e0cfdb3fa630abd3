#include "ds/ranked.h"

#include "base/rng.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

enum { MANY = 3000 };

static struct entry *items[MANY];
static double scores[MANY];
static bool in[MANY];

static void make(void)
{
    char key[16];
    for (int i = 0; i < MANY; i++) {
        int n = snprintf(key, sizeof(key), "m%d", i);
        items[i] = entry_new_word(bytes_of(key, (size_t)n), 0, 0);
        in[i] = false;
    }
}

static void unmake(void)
{
    for (int i = 0; i < MANY; i++)
        entry_free(items[i]);
}

static int order(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    if (scores[x] != scores[y])
        return scores[x] < scores[y] ? -1 : 1;
    return bytes_compare(entry_key(items[x]), entry_key(items[y]));
}

/* Everything against a sorted array. */
static bool same_as_array(const struct ranked *r)
{
    static int sorted[MANY];
    int n = 0;
    for (int i = 0; i < MANY; i++)
        if (in[i])
            sorted[n++] = i;
    qsort(sorted, (size_t)n, sizeof(int), order);
    if (!ranked_is_sound(r) || r->count != (size_t)n)
        return false;
    for (int i = 0; i < n; i++) {
        struct ranked_cursor c;
        double score;
        ranked_seek(r, (size_t)i, &c);
        if (ranked_get(&c, &score) != items[sorted[i]] || score != scores[sorted[i]])
            return false;
        struct ranked_bound b = {
            .by = RANKED_BY_ITEM, .score = score, .key = entry_key(items[sorted[i]])};
        if (ranked_before(r, &b) != (size_t)i)
            return false;
        b.after = true;
        if (ranked_before(r, &b) != (size_t)i + 1)
            return false;
    }
    for (int s = -1; s < 60; s++) {
        size_t below = 0, upto = 0;
        for (int i = 0; i < n; i++) {
            below += scores[sorted[i]] < s;
            upto += scores[sorted[i]] <= s;
        }
        struct ranked_bound b = {.by = RANKED_BY_SCORE, .score = s};
        if (ranked_before(r, &b) != below)
            return false;
        b.after = true;
        if (ranked_before(r, &b) != upto)
            return false;
    }
    return true;
}

TEST(random_changes_keep_order_and_ranks)
{
    struct ranked r = {0};
    struct rng rng;
    rng_seed(&rng, 21);
    make();
    for (int phase = 0; phase < 6; phase++) {
        /* Grows, shrinks, and lives on in between. */
        unsigned adds = phase % 3 == 0 ? 9 : phase % 3 == 1 ? 1 : 5;
        for (int k = 0; k < 9000; k++) {
            unsigned i = (unsigned)rng_below(&rng, MANY);
            bool add = rng_below(&rng, 10) < adds;
            if (add && !in[i]) {
                scores[i] = (double)rng_below(&rng, 50);
                ranked_insert(&r, scores[i], items[i]);
                in[i] = true;
            } else if (!add && in[i]) {
                ranked_remove(&r, scores[i], entry_key(items[i]));
                in[i] = false;
            }
        }
        CHECK(same_as_array(&r));
    }
    for (int i = 0; i < MANY; i++)
        if (in[i])
            ranked_remove(&r, scores[i], entry_key(items[i]));
    CHECK(r.count == 0 && r.root == NULL && r.leaves == 0 && r.inners == 0);
    unmake();
}

TEST(appending_fills_leaves)
{
    struct ranked r = {0};
    make();
    for (int i = 0; i < MANY; i++)
        ranked_insert(&r, i, items[i]);
    CHECK(ranked_is_sound(&r));
    CHECK(r.leaves <= MANY / 62 + 1);
    ranked_free(&r);
    unmake();
}

TEST(cursors_walk_both_ways)
{
    struct ranked r = {0};
    struct ranked_cursor c;
    double score;
    make();
    for (int i = MANY - 1; i >= 0; i--)
        ranked_insert(&r, i, items[i]);
    CHECK(ranked_is_sound(&r));
    ranked_seek(&r, 0, &c);
    for (int i = 0; i < MANY; i++) {
        CHECK(ranked_get(&c, &score) == items[i]);
        CHECK(ranked_next(&c) == (i + 1 < MANY));
    }
    ranked_seek(&r, MANY - 1, &c);
    for (int i = MANY - 1; i >= 0; i--) {
        CHECK(ranked_get(&c, &score) == items[i]);
        CHECK(ranked_previous(&c) == (i > 0));
    }
    ranked_free(&r);
    unmake();
}

UNIT_MAIN(T(random_changes_keep_order_and_ranks), T(appending_fills_leaves),
          T(cursors_walk_both_ways))
