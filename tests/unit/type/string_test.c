#include "type/string.h"

#include "base/rng.h"
#include "type/value.h"
#include "unit.h"

#include <stdlib.h>

enum { MOST = 5000 };

static bool is(const struct entry *e, struct bytes want)
{
    char scratch[NUM_INT_MAX];
    return bytes_equal(string_view(e, scratch), want) && string_length(e) == want.n &&
           bytes_equal(entry_key(e), BYTES("k"));
}

static struct bytes letters(char *to, char letter, size_t n)
{
    memset(to, letter, n);
    return bytes_of(to, n);
}

TEST(the_form_is_chosen_by_the_bytes)
{
    static const struct {
        const char *text;
        bool is_int;
    } cases[] = {{"0", true},
                 {"-1", true},
                 {"9223372036854775807", true},
                 {"-9223372036854775808", true},
                 {"9223372036854775808", false},
                 {"01", false},
                 {"-0", false},
                 {"+1", false},
                 {" 1", false},
                 {"1.0", false},
                 {"", false},
                 {"-", false},
                 {"12345678901234567890", false},
                 {"123456789012345678901", false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bytes x = {cases[i].text, strlen(cases[i].text)};
        struct entry *e = string_new(BYTES("k"), x);
        long long v;
        CHECK(is(e, x) && e->kind == (cases[i].is_int ? VALUE_INT : VALUE_TEXT));
        CHECK(string_as_int(e, &v) == cases[i].is_int);
        CHECK(!cases[i].is_int || v == strtoll(cases[i].text, NULL, 10));
        value_free(e);
    }
    char text[ENTRY_INLINE_MAX + 1];
    struct entry *e = string_new(BYTES("k"), letters(text, 'x', ENTRY_INLINE_MAX));
    CHECK(e->kind == VALUE_TEXT && strcmp(value_encoding(e), "raw") == 0);
    e = string_set(e, letters(text, 'y', ENTRY_INLINE_MAX + 1));
    CHECK(e->kind == VALUE_STR && is(e, letters(text, 'y', ENTRY_INLINE_MAX + 1)));
    e = string_set(e, letters(text, 'z', 44));
    CHECK(e->kind == VALUE_TEXT && strcmp(value_encoding(e), "embstr") == 0);
    value_free(e);
}

/* Against a plain array of bytes, with a deadline that must stay. */
TEST(changes_agree_with_an_array)
{
    static char model[MOST + 1], other[MOST];
    char number[NUM_INT_MAX];
    struct rng r;
    struct entry *e = entry_set_deadline(string_new(BYTES("k"), BYTES("")), 12345);
    size_t n = 0;
    rng_seed(&r, 6);
    for (int step = 0; step < 20000; step++) {
        size_t len = (size_t)rng_below(&r, rng_below(&r, 4) ? 60 : 1800);
        char letter = (char)('a' + step % 26);
        bool in_place = false;
        switch (rng_below(&r, 6)) {
        case 0:
            e = string_set(e, letters(model, letter, n = len));
            break;
        case 1: {
            long long v = (long long)rng_next(&r) >> rng_below(&r, 64);
            e = string_set_int(e, v);
            n = num_print_int(number, v);
            memcpy(model, number, n);
            CHECK(e->kind == VALUE_INT);
            break;
        }
        case 2: {
            struct str *s = str_new(letters(model, letter, n = len));
            e = string_set_str(e, s);
            CHECK(s->refs == (len > ENTRY_INLINE_MAX ? 2 : 1));
            str_unref(s);
            break;
        }
        case 3:
        case 4: {
            size_t at = (size_t)rng_below(&r, n + 20);
            if (at + len > MOST)
                break;
            e = string_splice(e, at, letters(other, letter, len));
            if (at + len > n) {
                memset(model + n, 0, at + len - n);
                n = at + len;
            }
            memcpy(model + at, other, len);
            in_place = true;
            break;
        }
        default: {
            unsigned char *place;
            size_t want = (size_t)rng_below(&r, 2000);
            e = string_writable(e, want, &place);
            if (want > n) {
                memset(model + n, 0, want - n);
                n = want;
            }
            if (n) {
                place[n - 1] = (unsigned char)letter;
                model[n - 1] = letter;
            }
            in_place = true;
        }
        }
        CHECK(is(e, bytes_of(model, n)) && entry_deadline_ms(e) == 12345);
        /* What was changed in place is no integer, whatever its bytes, and not called embstr. */
        CHECK(!in_place || e->kind != VALUE_INT);
        CHECK(!in_place || strcmp(value_encoding(e), "raw") == 0);
    }
    value_free(e);
}

TEST(a_counted_string_that_others_hold_is_copied_before_it_changes)
{
    static char text[2000];
    struct str *s = str_new(letters(text, 'x', sizeof(text)));
    struct entry *e = string_new_str(BYTES("k"), s);
    CHECK(s->refs == 2 && e->kind == VALUE_STR);
    e = string_splice(e, 0, BYTES("abc"));
    CHECK(s->refs == 1 && s->p[0] == 'x');
    memcpy(text, "abc", 3);
    CHECK(is(e, bytes_of(text, sizeof(text))));
    /* Alone it is changed where it is. */
    unsigned char *a, *b;
    e = string_writable(e, 0, &a);
    e = string_writable(e, 100, &b);
    CHECK(a == b && string_length(e) == sizeof(text));
    str_unref(s);
    value_free(e);
}

/* Whatever takes its place lets go of it. */
TEST(a_counted_string_that_is_overwritten_is_released)
{
    static char text[2000];
    struct str *s = str_new(letters(text, 'x', sizeof(text))),
               *other = str_new(letters(text, 'y', sizeof(text)));
    for (int way = 0; way < 5; way++) {
        unsigned char *place;
        struct entry *e = string_new_str(BYTES("k"), s);
        CHECK(string_counted(e) == s && s->refs == 2);
        if (way == 0)
            e = string_set(e, BYTES("short"));
        else if (way == 1)
            e = string_set(e, letters(text, 'z', sizeof(text)));
        else if (way == 2)
            e = string_set_int(e, 1);
        else if (way == 3)
            e = string_set_str(e, other);
        else
            e = string_writable(e, 3000, &place);
        CHECK(s->refs == 1 && string_counted(e) != s);
        CHECK(other->refs == (way == 3 ? 2 : 1));
        CHECK((string_counted(e) == NULL) == (way == 0 || way == 2));
        value_free(e);
        CHECK(other->refs == 1);
    }
    str_unref(s);
    str_unref(other);
}

UNIT_MAIN(T(a_counted_string_that_is_overwritten_is_released), T(the_form_is_chosen_by_the_bytes),
          T(changes_agree_with_an_array),
          T(a_counted_string_that_others_hold_is_copied_before_it_changes))
