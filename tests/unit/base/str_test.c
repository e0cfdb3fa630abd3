#include "base/str.h"

#include "unit.h"

#include <stdint.h>

/* The sanitizers let what is too large fail as any allocator does. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

TEST(a_string_is_a_copy_with_a_nul_behind_it)
{
    char from[] = "a\0b";
    struct str *s = str_new(bytes_of(from, 3));
    from[0] = 'x';
    CHECK(s->n == 3 && memcmp(s->p, "a\0b", 4) == 0);
    CHECK(str_bytes(s).p == s->p && str_bytes(s).n == 3);
    str_unref(s);
    s = str_new((struct bytes){NULL, 0});
    CHECK(s->n == 0 && s->p[0] == 0);
    str_unref(s);
    str_unref(NULL);
}

TEST(it_goes_with_its_last_reference)
{
    struct str *s = str_new_message(6);
    CHECK(str_messages() >= 6);
    CHECK(str_ref(s) == s && s->refs == 2);
    str_unref(s);
    CHECK(s->refs == 1 && str_messages() > 0 && s->n == 6);
    str_unref(s);
    CHECK(str_messages() == 0);
}

TEST(messages_are_counted_and_data_are_not)
{
    struct str *data = str_new(BYTES("0123456789"));
    CHECK(str_messages() == 0);
    struct str *a = str_new_message(10);
    size_t one = str_messages();
    struct str *b = str_new_message(10);
    CHECK(one >= sizeof(struct str) + 10 && str_messages() == 2 * one);
    str_unref(a);
    CHECK(str_messages() == one);
    str_unref(b);
    str_unref(data);
    CHECK(str_messages() == 0);
}

TEST(a_sole_owner_may_change_the_length)
{
    struct str *s = str_try_raw(3);
    memcpy(s->p, "abc", 3);
    s = str_try_resize(s, 5000);
    CHECK(s && s->n == 5000 && memcmp(s->p, "abc", 3) == 0 && s->p[5000] == 0);
    s = str_try_resize(s, 2);
    CHECK(s && s->n == 2 && memcmp(s->p, "ab", 3) == 0 && s->refs == 1);
    str_unref(s);
    CHECK(str_try_raw(SIZE_MAX / 2) == NULL);
}

UNIT_MAIN(T(a_string_is_a_copy_with_a_nul_behind_it), T(it_goes_with_its_last_reference),
          T(messages_are_counted_and_data_are_not), T(a_sole_owner_may_change_the_length))
