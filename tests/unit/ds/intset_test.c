#include "ds/intset.h"

#include "base/rng.h"
#include "unit.h"

TEST(grows_as_wide_as_needed)
{
    struct intset *s = intset_new(3);
    CHECK(intset_add(&s, 5) && !intset_add(&s, 5) && intset_add(&s, -5));
    CHECK(s->form == 3 && s->width == 2 && s->count == 2);
    CHECK(intset_add(&s, 40000) && s->width == 4);
    CHECK(intset_add(&s, INT64_MIN) && intset_add(&s, INT64_MAX) && s->width == 8);
    CHECK(intset_is_sound(s));
    CHECK(intset_at(s, 0) == INT64_MIN && intset_at(s, 1) == -5 && intset_at(s, 4) == INT64_MAX);
    CHECK(intset_remove(&s, 5) && !intset_remove(&s, 5) && !intset_has(s, 5) && intset_has(s, -5));
    intset_free(s);
}

/* The limits of each width, and what lies just beyond them. */
TEST(limits_of_the_widths_are_kept)
{
    static const int64_t limits[] = {INT16_MIN, INT16_MAX, INT32_MIN,
                                     INT32_MAX, INT64_MIN, INT64_MAX};
    struct intset *s = intset_new(0);
    for (int i = 0; i < 6; i++) {
        CHECK(intset_add(&s, limits[i]) && s->width == 2 << i / 2);
        for (int k = 0; k <= i; k++)
            CHECK(intset_has(s, limits[k]));
    }
    intset_free(s);
    for (int i = 0; i < 4; i++) {
        s = intset_new(0);
        CHECK(intset_add(&s, limits[i] + (i % 2 ? 1 : -1)) && s->width == 4 << i / 2);
        intset_free(s);
    }
}

TEST(stays_sorted_and_complete)
{
    enum { RANGE = 500 };
    struct rng r;
    rng_seed(&r, 3);
    struct intset *s = intset_new(0);
    bool in[RANGE] = {false};
    unsigned n = 0;
    for (int i = 0; i < 50000; i++) {
        unsigned v = (unsigned)rng_below(&r, RANGE);
        int64_t x = ((int64_t)v - RANGE / 2) * 1000;
        if (rng_below(&r, 2)) {
            CHECK(intset_add(&s, x) == !in[v]);
            n += !in[v];
            in[v] = true;
        } else {
            CHECK(intset_remove(&s, x) == in[v]);
            n -= in[v];
            in[v] = false;
        }
        CHECK(s->count == n && (i % 100 || intset_is_sound(s)));
    }
    for (unsigned v = 0; v < RANGE; v++)
        CHECK(intset_has(s, ((int64_t)v - RANGE / 2) * 1000) == in[v]);
    struct intset *copy = intset_copy(s);
    CHECK(copy->count == s->count && intset_at(copy, 0) == intset_at(s, 0));
    intset_free(copy);
    intset_free(s);
}

UNIT_MAIN(T(grows_as_wide_as_needed), T(limits_of_the_widths_are_kept),
          T(stays_sorted_and_complete))
