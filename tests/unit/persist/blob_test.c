#include "persist/blob.h"

#include "rdb.h"
#include "unit.h"

/* The elements with a blank behind each; "!" where damage is noticed. */
static const char *elements(enum blob_kind kind, struct bytes blob)
{
    static char text[512];
    struct blob_reader r;
    struct bytes x;
    char scratch[24];
    bool bad = !blob_open(&r, kind, blob);
    size_t n = 0;
    text[0] = 0;
    while (!bad && blob_next(&r, scratch, &x, &bad))
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%.*s ", (int)x.n, x.p);
    if (bad)
        snprintf(text + n, sizeof(text) - n, "!");
    return text;
}

/* total 4 | offset of the last 4 | elements 2 | (size before | encoding | bytes) ... | ff */
TEST(a_ziplist_has_strings_and_integers_of_each_width)
{
    CHECK(strcmp(elements(BLOB_ZIPLIST, rdb_hex("0e000000 0a000000 0100 00 01'a' ff")), "a ") == 0);
    /* 16 bits, 24, 32, 64, 8, and 12 within the encoding itself */
    struct bytes all = rdb_hex("33000000 00000000 0700 00 c0 feff 04 f0 000080 05 d0 40420f00 "
                               "06 e0 ffffffffffffff7f 0a fe 80 03 fd "
                               "fe00000000 40 03 'abc' ff");
    CHECK(strcmp(elements(BLOB_ZIPLIST, all),
                 "-2 -8388608 1000000 9223372036854775807 -128 12 abc ") == 0);
    CHECK(strcmp(elements(BLOB_ZIPLIST, rdb_hex("0d000000 00000000 0100 00 ff ff")), "!") == 0);
    CHECK(strcmp(elements(BLOB_ZIPLIST, rdb_hex("0d000000 00000000 0100 00 05 ff")), "!") == 0);
    CHECK(strcmp(elements(BLOB_ZIPLIST, rdb_hex("0e000000 00000000 0100 00 01'a' fe")), "!") == 0);
    CHECK(strcmp(elements(BLOB_ZIPLIST, rdb_hex("0f000000 00000000 0100 00 01'a' ff")), "!") == 0);
}

/* pairs | (size | key | size | free | value | free bytes) ... | ff */
TEST(a_zipmap_has_room_behind_values)
{
    CHECK(strcmp(elements(BLOB_ZIPMAP, rdb_hex("01 01'k' 01 02'v' 0000 ff")), "k v ") == 0);
    CHECK(strcmp(elements(BLOB_ZIPMAP, rdb_hex("01 fe01000000'k' 00 00 ff")), "k  ") == 0);
    CHECK(strcmp(elements(BLOB_ZIPMAP, rdb_hex("01 01'k' ff")), "k !") == 0); /* no value */
    CHECK(strcmp(elements(BLOB_ZIPMAP, rdb_hex("01 01'k' 01 03'v' 0000 ff")), "k !") == 0);
    CHECK(strcmp(elements(BLOB_ZIPMAP, rdb_hex("01")), "!") == 0);
}

/* With the header and the end put right, so that the elements themselves are cut. */
TEST(a_blob_that_is_cut_is_noticed)
{
    struct bytes whole =
        rdb_hex("1f000000 00000000 0400 00 c0 feff 04 d0 40420f00 06 02'ab' 04 40 03 'abc' ff");
    for (size_t n = 11; n < whole.n; n++) {
        char *cut = malloc(n);
        memcpy(cut, whole.p, n);
        memcpy(cut, &(uint32_t){(uint32_t)n}, 4);
        cut[n - 1] = (char)0xff;
        const char *got = elements(BLOB_ZIPLIST, bytes_of(cut, n));
        CHECK(strlen(got) < strlen("-2 1000000 ab abc "));
        bool between = n == 11 || n == 15 || n == 21 || n == 25;
        CHECK((strchr(got, '!') == NULL) == between);
        free(cut);
    }
}

TEST(an_integer_is_asked_for)
{
    struct blob_reader r;
    int64_t v;
    CHECK(blob_open(&r, BLOB_LISTPACK, rdb_hex("0c000000 0200 0501 81'a'02 ff")));
    CHECK(blob_next_int(&r, &v) && v == 5 && !blob_next_int(&r, &v));
}

TEST(a_ziplist_has_lengths_of_three_sizes)
{
    CHECK(strcmp(elements(BLOB_ZIPLIST, rdb_hex("15000000 00000000 0100 00 80 00000004 'abcd' ff")),
                 "abcd ") == 0);
    /* Such heads are not known, or reach behind the end. */
    CHECK(strcmp(elements(BLOB_ZIPLIST, rdb_hex("15000000 00000000 0100 00 81 00000004 'abcd' ff")),
                 "!") == 0);
    CHECK(strcmp(elements(BLOB_ZIPLIST, rdb_hex("15000000 00000000 0100 00 80 00000005 'abcd' ff")),
                 "!") == 0);
    CHECK(strcmp(elements(BLOB_ZIPLIST, rdb_hex("0e000000 00000000 0100 00 80 00 ff")), "!") == 0);
    CHECK(strcmp(elements(BLOB_ZIPLIST, rdb_hex("0d000000 00000000 0100 00 40 ff")), "!") == 0);
    CHECK(strcmp(elements(BLOB_ZIPLIST, rdb_hex("0d000000 00000000 0100 ff 00 ff")), "!") == 0);
    CHECK(strcmp(elements(BLOB_ZIPLIST, rdb_hex("0c000000 00000000 0100 00 ff")), "!") == 0);
    /* 0 and 12 are the ends of what stands in the head itself; nothing is behind them. */
    CHECK(strcmp(elements(BLOB_ZIPLIST, rdb_hex("0f000000 00000000 0200 00 f1 02 fd ff")),
                 "0 12 ") == 0);
    CHECK(strcmp(elements(BLOB_ZIPLIST, rdb_hex("0b000000 00000000 0000 ff")), "") == 0);
    CHECK(strcmp(elements(BLOB_ZIPLIST, rdb_hex("0a000000 00000000 00ff")), "!") == 0);
    CHECK(strcmp(elements(BLOB_ZIPMAP, rdb_hex("00 ff")), "") == 0);
    CHECK(strcmp(elements(BLOB_ZIPMAP, rdb_hex("00 fe")), "!") == 0);
    CHECK(strcmp(elements(BLOB_ZIPMAP, rdb_hex("01 00 ff")), " !") == 0); /* an empty key */
    CHECK(strcmp(elements(BLOB_ZIPMAP, rdb_hex("01 00 00 00 ff")), "  ") == 0);
    CHECK(strcmp(elements(BLOB_ZIPMAP, rdb_hex("01 ff'k' ff")), "!") == 0);
    CHECK(strcmp(elements(BLOB_ZIPMAP, rdb_hex("01 fe0100 ff")), "!") == 0);
    CHECK(strcmp(elements(BLOB_ZIPMAP, rdb_hex("01 01'k' 00 ff")), "k !") == 0); /* no free byte */
}

UNIT_MAIN(T(a_ziplist_has_strings_and_integers_of_each_width), T(a_zipmap_has_room_behind_values),
          T(a_blob_that_is_cut_is_noticed), T(an_integer_is_asked_for),
          T(a_ziplist_has_lengths_of_three_sizes))
