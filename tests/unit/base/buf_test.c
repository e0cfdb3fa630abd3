#include "base/buf.h"

#include "unit.h"

#include <limits.h>
#include <stdlib.h>

static bool is(const struct buf *b, const char *want)
{
    return bytes_equal(buf_bytes(b), bytes_text(want));
}

TEST(pieces_lie_behind_each_other)
{
    struct buf b = {0};
    CHECK(is(&b, ""));
    buf_add(&b, BYTES("ab"));
    buf_add(&b, (struct bytes){NULL, 0});
    buf_add_char(&b, '-');
    buf_add_int(&b, LLONG_MIN);
    buf_printf(&b, "%s%d", ":", 7);
    buf_printf(&b, "%s", "");
    buf_add_text(&b, "!");
    CHECK(is(&b, "ab--9223372036854775808:7!"));
    buf_free(&b);
    CHECK(b.p == NULL && b.n == 0 && b.cap == 0);
}

TEST(contents_survive_growth)
{
    struct buf b = {0};
    for (int i = 0; i < 10000; i++)
        buf_add(&b, bytes_of(&i, sizeof(i)));
    CHECK(b.n == 10000 * sizeof(int) && b.cap >= b.n);
    for (int i = 0; i < 10000; i++)
        CHECK(memcmp(b.p + (size_t)i * sizeof(i), &i, sizeof(i)) == 0);
    buf_free(&b);
}

TEST(room_is_where_the_contents_end_and_does_not_count_yet)
{
    struct buf b = {0};
    buf_add_text(&b, "head");
    char *p = buf_room(&b, 1000);
    CHECK(p == b.p + 4 && b.n == 4 && b.cap >= 1004);
    memset(p, 'x', 1000);
    b.n += 1000;
    CHECK(buf_room(&b, 0) == b.p + 1004);
    CHECK(memcmp(b.p, "headxxx", 7) == 0);
    buf_free(&b);
}

TEST(sizes_that_others_choose_may_be_refused)
{
    struct buf b = {0};
    buf_add_text(&b, "kept");
    CHECK(buf_try_room(&b, SIZE_MAX) == NULL);
    CHECK(buf_try_room(&b, SIZE_MAX - 3) == NULL);
    CHECK(is(&b, "kept"));
    CHECK(buf_try_room(&b, 500) == b.p + 4 && b.cap >= 504);
    buf_free(&b);
}

TEST(consuming_leaves_the_rest)
{
    struct buf b = {0};
    buf_add_text(&b, "abcdef");
    buf_consume(&b, 0);
    buf_consume(&b, 2);
    CHECK(is(&b, "cdef"));
    buf_consume(&b, 4);
    CHECK(b.n == 0 && b.cap > 0);
    buf_add_char(&b, 'x');
    CHECK(is(&b, "x"));
    buf_free(&b);
}

UNIT_MAIN(T(pieces_lie_behind_each_other), T(contents_survive_growth),
          T(room_is_where_the_contents_end_and_does_not_count_yet),
          T(sizes_that_others_choose_may_be_refused), T(consuming_leaves_the_rest))
