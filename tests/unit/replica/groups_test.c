#include "replica/groups.h"

#include "unit.h"

static const char stream[] = "\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*0\r\n\n\n\n"
                             "*3\r\n$3\r\nSET\r\n$5\r\nmulti\r\n$12\r\na\r\n*1\r\n$4\r\nx\r\n"
                             "*1\r\n$5\r\nMulti\r\n*2\r\n$3\r\nDEL\r\n$4\r\nEXEC\r\n\n\r\n"
                             "*1\r\n$4\r\nexec\r\n*1\r\n$4\r\nPING\r\n";

struct piece {
    enum groups_kind kind;
    size_t length;
};

static const struct piece pieces[] = {
    {GROUPS_BLANK, 2},    {GROUPS_COMMAND, 23},     {GROUPS_COMMAND, 4}, {GROUPS_BLANK, 3},
    {GROUPS_COMMAND, 43}, {GROUPS_TRANSACTION, 55}, {GROUPS_COMMAND, 14}};

/* Whether the pieces are found when the stream comes `step` bytes at a time. */
static bool finds_all(size_t step)
{
    size_t start = 0, have = 0, found = 0, n = sizeof(stream) - 1;
    struct groups g = {0};
    while (start < n) {
        enum groups_kind kind = groups_find(&g, stream + start, have - start);
        bool blank_may_grow = kind == GROUPS_BLANK && start + g.at == have && have < n;
        if (kind == GROUPS_MORE || blank_may_grow) {
            have = have + step < n ? have + step : n;
            if (blank_may_grow)
                g = (struct groups){0};
            continue;
        }
        if (kind != pieces[found].kind || g.at != pieces[found].length) {
            printf("# piece %zu is %d of %zu bytes\n", found, (int)kind, g.at);
            return false;
        }
        start += g.at;
        found++;
        g = (struct groups){0};
    }
    return found == sizeof(pieces) / sizeof(*pieces);
}

TEST(pieces_are_found_however_the_bytes_are_cut)
{
    for (size_t step = 1; step < sizeof(stream); step++)
        CHECK(finds_all(step));
}

static enum groups_kind kind_of(struct bytes text)
{
    struct groups g = {0};
    return groups_find(&g, text.p, text.n);
}

TEST(what_no_primary_sends_is_bad)
{
    CHECK(kind_of(BYTES("set a b\r\n")) == GROUPS_BAD);
    CHECK(kind_of(BYTES("*x")) == GROUPS_BAD && kind_of(BYTES("*1\n")) == GROUPS_BAD);
    CHECK(kind_of(BYTES("*1\r\n:1\r\n")) == GROUPS_BAD);
    CHECK(kind_of(BYTES("*1\r\n$1\r\nabc")) == GROUPS_BAD);
    CHECK(kind_of(BYTES("*\r\n")) == GROUPS_BAD);
    CHECK(kind_of(BYTES("*9999999999999\r\n")) == GROUPS_BAD);
    CHECK(kind_of(BYTES("*1\r\n$99999999999999999999\r\n")) == GROUPS_BAD);
    CHECK(kind_of(BYTES("*1\r\n$5\r\nMULTI\r\n+OK\r\n")) == GROUPS_BAD);
}

TEST(an_announced_length_is_waited_for)
{
    CHECK(kind_of(BYTES("")) == GROUPS_MORE && kind_of(BYTES("*1")) == GROUPS_MORE);
    CHECK(kind_of(BYTES("*1\r")) == GROUPS_MORE);
    CHECK(kind_of(BYTES("*1\r\n$999999999999\r\nx")) == GROUPS_MORE);
    CHECK(kind_of(BYTES("*1\r\n$5\r\nMULTI\r\n")) == GROUPS_MORE);
}

TEST(a_command_is_split)
{
    struct bytes argv[2], text = BYTES("*3\r\n$1\r\na\r\n$0\r\n\r\n$2\r\nbc\r\n*1");
    size_t length;
    CHECK(groups_split(text.p, text.n, argv, 2, &length) == 3 && length == text.n - 2);
    CHECK(bytes_is(argv[0], "a") && argv[1].n == 0);
    CHECK(groups_split("\n\r\n*1", 5, argv, 2, &length) == 0 && length == 3);
    CHECK(groups_split("*-1\r\n", 5, argv, 2, &length) == 0 && length == 5);
}

UNIT_MAIN(T(pieces_are_found_however_the_bytes_are_cut), T(what_no_primary_sends_is_bad),
          T(an_announced_length_is_waited_for), T(a_command_is_split))
