#include "persist/history.h"

#include "unit.h"

#include <string.h>

#define A     "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd"
#define B     "eeeeeeeeeeffffffffff00000000001111111111"
#define ZEROS "0000000000000000000000000000000000000000"
/* Of confirmations: generations 1, 2 and 0xab of one family, then random digits. */
#define G1  "6d696c6c00000001aaaaaaaa1111111111111111"
#define G2  "6d696c6c00000002aaaaaaaa2222222222222222"
#define GAB "6d696c6c000000abaaaaaaaa3333333333333333"

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

TEST(a_promoted_replica_shares_the_previous_history)
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

static uint32_t of(const char *eight)
{
    char id[HISTORY_ID_LENGTH + 1];
    snprintf(id, sizeof(id), "6d696c6c%saaaaaaaa1111111111111111", eight);
    return history_generation(id);
}

TEST(a_generation_is_read_from_an_id_of_a_confirmation_alone)
{
    CHECK(of("00000001") == 1 && of("000000ab") == 0xab && of("000000AB") == 0xab);
    CHECK(of("00012345") == 0x12345 && of("10000000") == 0x10000000);
    CHECK(history_generation("6D696C6C000000ABAAAAAAAA3333333333333333") == 0xab);
    CHECK(of("00000000") == 0);
    CHECK(of("7fffffff") == HISTORY_MOST_GENERATION);
    CHECK(of("80000000") == 0 && of("ffffffff") == 0);
    /* Of what is not hex nothing is read, wherever it stands. */
    CHECK(of("0000000g") == 0 && of("g0000001") == 0 && of("0000 001") == 0 && of("0x000001") == 0);
    CHECK(of("-0000001") == 0 && of("+0000001") == 0);
    /* Another mark, another length. */
    CHECK(history_generation(A) == 0 && history_generation(ZEROS) == 0);
    CHECK(history_generation("6d696c6d00000001aaaaaaaa1111111111111111") == 0);
    CHECK(history_generation("") == 0 && history_generation("6d696c6c") == 0);
    CHECK(history_generation("6d696c6c00000001") == 0 && history_generation(G1 "1") == 0);
    CHECK(history_generation("6d696c6c00000001aaaaaaaa111111111111111") == 0);
}

TEST(siblings_are_a_family)
{
    CHECK(history_same_family(G1, G2) && history_same_family(G1, G1));
    CHECK(history_same_family(G1, "6D696C6C00000002AAAAAAAA2222222222222222"));
    CHECK(!history_same_family(G1, "6d696c6c00000001aaaaaaab1111111111111111"));
    /* Any other ID is the head of a family: its first eight. */
    CHECK(history_same_family(A, G1) && history_same_family(G1, A));
    CHECK(history_same_family(A, "aaaaaaaa00000000000000000000000000000000"));
    CHECK(!history_same_family(A, "aaaaaaab00000000000000000000000000000000"));
    CHECK(!history_same_family(B, G1));
    /* What only looks like one of a confirmation is of no relation to those. */
    CHECK(!history_same_family("6d696c6c00000000aaaaaaaa1111111111111111", G1));
    CHECK(!history_same_family("6d696c6cffffffffaaaaaaaa1111111111111111", G1));
    CHECK(!history_same_family("6d696c6c0000000gaaaaaaaa1111111111111111", G1));
    CHECK(history_same_family("6d696c6c0000000gaaaaaaaa1111111111111111",
                              "6d696c6c80000000bbbbbbbb1111111111111111"));
}

TEST(a_new_id_is_of_the_family_and_the_generation)
{
    char id[HISTORY_ID_LENGTH + 1], other[HISTORY_ID_LENGTH + 1];
    history_make(id, 1, A);
    CHECK(history_is_id(id) && history_generation(id) == 1 && history_same_family(id, A));
    CHECK(strncmp(id, "6d696c6c00000001aaaaaaaa", 24) == 0);
    history_make(other, 1, A);
    CHECK(strcmp(id, other) != 0);
    history_make(other, 0xab, G2);
    CHECK(strncmp(other, GAB, 24) == 0 && history_is_id(other));
    history_make(other, HISTORY_MOST_GENERATION, B);
    CHECK(strncmp(other, "6d696c6c7fffffffeeeeeeee", 24) == 0);
    CHECK(history_generation(other) == HISTORY_MOST_GENERATION);
    memcpy(id, G1, sizeof(id));
    history_make(id, 2, id); /* in its own place */
    CHECK(strncmp(id, G2, 24) == 0 && history_is_id(id));
}

/* GENERATION and STEPS of docs/decisions/0039 ask for this. */
TEST(the_last_byte_has_an_id_and_a_file_names_it)
{
    struct history h = {0};
    history_adopt(&h, A);
    CHECK(strcmp(history_last_id(&h, 0), A) == 0 && strcmp(history_last_id(&h, 700), A) == 0);
    CHECK(strcmp(history_id_of_data(&h, 700), A) == 0);
    history_shift(&h, G1, 700);
    CHECK(strcmp(history_last_id(&h, 700), A) == 0 && strcmp(history_last_id(&h, 701), G1) == 0);
    CHECK(strcmp(history_id_of_data(&h, 700), A) == 0);
    CHECK(strcmp(history_id_of_data(&h, 701), G1) == 0);
    /* A random one is borne at once. */
    history_shift(&h, B, 900);
    CHECK(strcmp(history_last_id(&h, 900), G1) == 0 && strcmp(history_last_id(&h, 901), B) == 0);
    CHECK(strcmp(history_id_of_data(&h, 900), B) == 0);
    CHECK(strcmp(history_id_of_data(&h, 901), B) == 0);
    history_adopt(&h, G2);
    CHECK(strcmp(history_id_of_data(&h, 0), G2) == 0);
}

/* STEPS: nobody claims the generation of an ID of which it has no byte, nor shares what is under
 * it. */
TEST(an_id_of_a_confirmation_without_a_byte_is_passed_over)
{
    struct history h = {0};
    history_adopt(&h, A);
    history_shift(&h, G1, 700);
    history_shift(&h, G2, 700);
    CHECK(strcmp(h.id, G2) == 0 && strcmp(h.id2, A) == 0 && h.second_offset == 701);
    CHECK(strcmp(history_last_id(&h, 700), A) == 0);
    CHECK(history_shares(&h, A, 701) && !history_shares(&h, G1, 701));
    history_shift(&h, NULL, 700);
    CHECK(strcmp(h.id2, A) == 0 && h.second_offset == 701 && history_is_sound(&h));
    /* With a byte it is the one before. */
    history_adopt(&h, A);
    history_shift(&h, G1, 700);
    history_shift(&h, G2, 701);
    CHECK(strcmp(h.id2, G1) == 0 && h.second_offset == 702);
    /* And so is any other, as replicas of all kinds bear it. */
    history_adopt(&h, A);
    history_shift(&h, B, 700);
    history_shift(&h, G1, 700);
    CHECK(strcmp(h.id2, B) == 0 && h.second_offset == 701);
}

UNIT_MAIN(T(an_id_is_forty_letters_and_digits), T(a_new_one_is_random_and_has_nothing_before_it),
          T(a_promoted_replica_shares_the_previous_history), T(what_is_wrong_is_seen),
          T(a_generation_is_read_from_an_id_of_a_confirmation_alone), T(siblings_are_a_family),
          T(a_new_id_is_of_the_family_and_the_generation),
          T(the_last_byte_has_an_id_and_a_file_names_it),
          T(an_id_of_a_confirmation_without_a_byte_is_passed_over))
