#include "admin/values.h"

#include "unit.h"

static struct values v;

static void take(const char *reply)
{
    struct answer a = {0};
    struct answer_item item;
    struct bytes in = bytes_text(reply);
    values_reset(&v);
    while (answer_next(&a, &in, &item) == ANSWER_ITEM)
        values_item(&v, &item);
    answer_reset(&a);
}

static bool is(const struct value *x, const char *want)
{
    return x && bytes_equal(values_text(&v, x), bytes_text(want));
}

TEST(what_holds_what)
{
    take("*3\r\n*2\r\n$1\r\na\r\n:-12\r\n*0\r\n$2\r\nbc\r\n");
    const struct value *all = values_root(&v), *x = values_first(&v, all);
    CHECK(x->kind == ANSWER_ARRAY && is(values_first(&v, x), "a"));
    CHECK(is(values_next(&v, x, values_first(&v, x)), "-12"));
    CHECK(!values_next(&v, x, values_next(&v, x, values_first(&v, x))));
    x = values_next(&v, all, x);
    CHECK(x->kind == ANSWER_ARRAY && !values_first(&v, x));
    x = values_next(&v, all, x);
    CHECK(is(x, "bc") && !values_first(&v, x) && !values_next(&v, all, x));
}

TEST(members)
{
    take("%3\r\n$1\r\na\r\n*2\r\n$1\r\nb\r\n$1\r\nx\r\n$1\r\nb\r\n:7\r\n$1\r\nc\r\n_\r\n");
    const struct value *map = values_root(&v);
    CHECK(values_member(&v, map, "a")->kind == ANSWER_ARRAY);
    CHECK(values_member(&v, map, "b")->number == 7 && is(values_member(&v, map, "b"), "7"));
    CHECK(values_member(&v, map, "c")->kind == ANSWER_NULL);
    CHECK(!values_member(&v, map, "x") && !values_member(&v, values_member(&v, map, "a"), "b"));
    take("_\r\n");
    CHECK(values_root(&v)->kind == ANSWER_NULL && !values_first(&v, values_root(&v)));
    take("%0\r\n");
    CHECK(!values_member(&v, values_root(&v), "a"));
    values_free(&v);
}

UNIT_MAIN(T(what_holds_what), T(members))
