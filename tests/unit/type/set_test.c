#include "type/set.h"

#include "base/hash.h"
#include "unit.h"

#include <math.h>
#include <stdio.h>

enum { MEMBERS = 300 };

static struct bytes member_of(char *to, unsigned i, bool ints)
{
    return bytes_of(to, (size_t)sprintf(to, ints ? "%u" : "m%u", i));
}

static void play(unsigned seed, struct set_limits limits, bool only_ints)
{
    struct rng r;
    struct set *s = set_new();
    bool in[MEMBERS] = {false};
    char text[32];
    size_t n = 0;
    rng_seed(&r, seed);
    for (int step = 0; step < 20000; step++) {
        unsigned i = (unsigned)rng_below(&r, MEMBERS);
        struct bytes x = member_of(text, i, only_ints || i % 2);
        if (rng_below(&r, 5) < 3) {
            CHECK(set_add(&s, x, &limits) == !in[i]);
            n += !in[i];
            in[i] = true;
        } else {
            CHECK(set_remove(&s, x) == in[i]);
            n -= in[i];
            in[i] = false;
        }
        CHECK(set_count(s) == n);
        if (step % 500)
            continue;
        struct set *copy = set_copy(s);
        struct set_walk w;
        struct bytes y;
        size_t walked = 0;
        set_walk_start(&w, copy);
        while (set_walk_next(&w, &y)) {
            walked++;
            CHECK(set_has(s, y));
        }
        CHECK(walked == n && set_is_sound(s) && set_is_sound(copy));
        for (unsigned k = 0; k < MEMBERS; k++)
            CHECK(set_has(s, member_of(text, k, only_ints || k % 2)) == in[k]);
        set_free(copy);
    }
    set_free(s);
}

TEST(all_forms_agree_with_a_model)
{
    hash_init("fixed", 5);
    play(1, (struct set_limits){512, 128, 64}, true);
    play(2, (struct set_limits){512, 128, 64}, false);
    play(3, (struct set_limits){512, 1000, 64}, false);
    play(4, (struct set_limits){20, 10, 3}, true);
    play(5, (struct set_limits){0, 0, 64}, false);
}

TEST(forms_change_at_the_limits)
{
    struct set_limits limits = {3, 4, 6};
    struct set *s = set_new();
    CHECK(set_add(&s, BYTES("1"), &limits) && set_add(&s, BYTES("-7"), &limits));
    CHECK(strcmp(set_encoding(s), "intset") == 0 && !set_add(&s, BYTES("1"), &limits));
    CHECK(set_add(&s, BYTES("01"), &limits) && strcmp(set_encoding(s), "listpack") == 0);
    CHECK(set_add(&s, BYTES("toolong"), &limits) && strcmp(set_encoding(s), "hashtable") == 0);
    CHECK(set_count(s) == 4 && set_has(s, BYTES("-7")) && set_has(s, BYTES("01")));
    set_free(s);
    s = set_new();
    char text[32];
    for (unsigned i = 0; i < 4; i++)
        set_add(&s, member_of(text, i, true), &limits);
    CHECK(strcmp(set_encoding(s), "listpack") == 0);
    set_add(&s, BYTES("x"), &limits);
    CHECK(strcmp(set_encoding(s), "hashtable") == 0 && set_count(s) == 5);
    set_free(s);
}

/* Chi-square over the members drawn. With k-1 degrees of freedom a fair generator stays below
 * k-1 + 4.26 sqrt(2(k-1)) with a probability of over 0.9999; the seed is fixed. */
static bool is_uniform(struct set *s, unsigned seed, bool ints, unsigned members)
{
    static unsigned drawn[MEMBERS];
    struct rng r;
    char scratch[NUM_INT_MAX];
    const unsigned draws = members * 400;
    rng_seed(&r, seed);
    memset(drawn, 0, sizeof(drawn));
    for (unsigned i = 0; i < draws; i++) {
        struct bytes x = set_random(s, &r, scratch);
        long long v;
        if (!num_parse_int(ints ? x : bytes_of(x.p + 1, x.n - 1), &v))
            return false;
        drawn[v]++;
    }
    double chi = 0, expected = 400;
    for (unsigned i = 0; i < members; i++)
        chi += (drawn[i] - expected) * (drawn[i] - expected) / expected;
    return chi < members - 1 + 4.26 * sqrt(2.0 * (members - 1));
}

TEST(random_members_are_uniform)
{
    struct set_limits all[] = {{512, 512, 64}, {0, 512, 64}, {0, 0, 64}};
    char text[32];
    for (int form = 0; form < 3; form++)
        for (unsigned members = 5; members <= MEMBERS; members = members * 3 + 1) {
            struct set *s = set_new();
            for (unsigned i = 0; i < members; i++)
                set_add(&s, member_of(text, i, form == 0), &all[form]);
            CHECK(is_uniform(s, 100u + members, form == 0, members));
            set_free(s);
        }
}

UNIT_MAIN(T(all_forms_agree_with_a_model), T(forms_change_at_the_limits),
          T(random_members_are_uniform))
