#include "admin/tail_pace.h"

#include "unit.h"

#define ROOM (4 * TAIL_LINE)

static struct tail_pace t;
static struct buf out;

static bool says(size_t room, int64_t ms, const char *want)
{
    out.n = 0;
    tail_pace_say(&t, &out, room, ms);
    bool good = bytes_equal(buf_bytes(&out), bytes_text(want));
    if (!good)
        printf("# %.*s\n", (int)out.n, out.p);
    return good;
}

static int admitted(int events, size_t room, int64_t ms)
{
    int n = 0;
    for (int i = 0; i < events; i++)
        n += tail_pace_admits(&t, room, ms);
    return n;
}

TEST(fifty_a_second)
{
    tail_pace_begin(&t, 1000);
    CHECK(admitted(60, ROOM, 1000) == 50 && t.skipped == 10);
    CHECK(admitted(10, ROOM, 1100) == 5);
    CHECK(admitted(100, ROOM, 60000) == 50);
}

TEST(none_without_room)
{
    tail_pace_begin(&t, 0);
    CHECK(admitted(3, TAIL_LINE, 0) == 0 && t.skipped == 3);
    CHECK(says(10, 2000, "") && says(ROOM, 2000, "{\"skipped\":3}\n"));
}

TEST(what_was_skipped_is_told_once_a_second)
{
    tail_pace_begin(&t, 1000);
    CHECK(says(ROOM, 1000, ""));
    admitted(60, ROOM, 1000);
    CHECK(says(ROOM, 1000, "{\"skipped\":10}\n") && says(ROOM, 1100, ""));
    admitted(70, ROOM, 1100);
    CHECK(says(ROOM, 1999, "") && says(ROOM, 2000, "{\"skipped\":75}\n"));
    CHECK(says(ROOM, 9000, ""));
    t.jumped = true;
    CHECK(says(ROOM, 9001, "{\"skipped\":75,\"jumped\":true}\n"));
    CHECK(says(ROOM, 23000, "") && says(ROOM, 24001, "{}\n") && says(ROOM, 25000, ""));
    buf_free(&out);
}

UNIT_MAIN(T(fifty_a_second), T(none_without_room), T(what_was_skipped_is_told_once_a_second))
