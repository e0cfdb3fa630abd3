#include "persist/history.h"

#include "unit.h"

#include <string.h>

#define A     "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd"
#define B     "eeeeeeeeeeffffffffff00000000001111111111"
#define ZEROS "0000000000000000000000000000000000000000"

TEST(an_id_is_forty_letters_and_digits)
{
    CHECK(history_is_id(A) && history_is_id(ZEROS));
    CHECK(!history_is_id("") && !history_is_id("abc") && !history_is_id(A "1"));
    CHECK(!history_is_id("aaaaaaaaaabbbbbbbbbbccccccccccddddddddd-"));
    CHECK(history_same_id("AB", "ab") && !history_same_id("ab", "ac"));
}

TEST(a_new_one_is_random_and_has_nothing_before_it)
{
    struct history a = {0}, b = {0};
    history_begin(&a);
    history_begin(&b);
    CHECK(history_is_sound(&a) && strcmp(a.id, b.id) != 0);
    CHECK(strcmp(a.id2, ZEROS) == 0 && a.second_offset == 0);
    CHECK(history_shares(&a, a.id, 1) && history_shares(&a, a.id, 1000));
    CHECK(!history_shares(&a, b.id, 1) && !history_shares(&a, ZEROS, 1));
    CHECK(!history_shares(&a, ZEROS, 0));
}

TEST(who_takes_over_shares_what_was_before)
{
    struct history h = {0};
    history_adopt(&h, A);
    CHECK(strcmp(h.id, A) == 0 && h.second_offset == 0);
    history_shift(&h, NULL, 700);
    CHECK(strcmp(h.id2, A) == 0 && h.second_offset == 701 && strcmp(h.id, A) != 0);
    CHECK(history_shares(&h, A, 701) && history_shares(&h, A, 1) && !history_shares(&h, A, 702));
    CHECK(history_shares(&h, h.id, 702) && history_shares(&h, h.id, 5));
    /* Two in a row: only the last one is remembered. */
    char first[41];
    memcpy(first, h.id, sizeof(first));
    history_shift(&h, B, 900);
    CHECK(strcmp(h.id, B) == 0 && strcmp(h.id2, first) == 0 && h.second_offset == 901);
    CHECK(!history_shares(&h, A, 1) && history_shares(&h, first, 901));
    history_forget_second(&h);
    CHECK(!history_shares(&h, first, 1) && history_is_sound(&h));
    history_adopt(&h, A);
    CHECK(strcmp(h.id, A) == 0 && history_is_sound(&h));
}

TEST(what_is_wrong_is_seen)
{
    struct history h = {0};
    CHECK(!history_is_sound(&h));
    history_begin(&h);
    h.second_offset = 1;
    CHECK(!history_is_sound(&h));
    history_shift(&h, NULL, 0);
    CHECK(history_is_sound(&h) && h.second_offset == 1);
    h.second_offset = 0;
    CHECK(!history_is_sound(&h));
}

UNIT_MAIN(T(an_id_is_forty_letters_and_digits), T(a_new_one_is_random_and_has_nothing_before_it),
          T(who_takes_over_shares_what_was_before), T(what_is_wrong_is_seen))
