#include "survey/survey_names.h"

#include "base/hash.h"
#include "unit.h"

TEST(one_name_is_one_string)
{
    hash_init("seed", 4);
    struct survey_names k = {0};
    struct str *a = survey_names_share(&k, BYTES("workers")),
               *b = survey_names_share(&k, BYTES("workers"));
    CHECK(a == b && a->refs == 3 && bytes_equal(str_bytes(a), BYTES("workers")));
    /* Others take its place at some time; who has it keeps it. */
    for (int i = 0; i < 10 * SURVEY_NAMES_KEPT; i++) {
        char name[16];
        snprintf(name, sizeof(name), "g%d", i);
        struct str *x = survey_names_share(&k, bytes_text(name));
        CHECK(bytes_equal(str_bytes(x), bytes_text(name)));
        str_unref(x);
    }
    CHECK(a->refs == 2 && bytes_equal(str_bytes(a), BYTES("workers")));
    struct str *c = survey_names_share(&k, BYTES("workers"));
    CHECK(c != a && bytes_equal(str_bytes(c), BYTES("workers")));
    str_unref(a);
    str_unref(b);
    survey_names_forget(&k);
    CHECK(c->refs == 1);
    str_unref(c);
}

TEST(a_name_is_replaced_by_another_one_only)
{
    struct str *slot = NULL;
    survey_names_set(&slot, BYTES("a"));
    struct str *first = slot;
    survey_names_set(&slot, BYTES("a"));
    CHECK(slot == first);
    survey_names_set(&slot, BYTES("b"));
    CHECK(bytes_equal(str_bytes(slot), BYTES("b")));
    str_unref(slot);
}

UNIT_MAIN(T(one_name_is_one_string), T(a_name_is_replaced_by_another_one_only))
