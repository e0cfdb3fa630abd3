#include "persist/aof_parse.h"

#include "base/buf.h"
#include "base/mem.h"
#include "persist/journal.h"
#include "unit.h"

#include <stdio.h>

static struct aof_parse_room room;

/* The data lie exactly: what is read behind them is noticed. */
static struct aof_parsed parse(const char *p, size_t n)
{
    char *exact = mem_alloc(n ? n : 1);
    memcpy(exact, p, n);
    struct aof_parsed got = aof_parse(bytes_of(exact, n), 0, &room);
    mem_free(exact);
    return got;
}

static enum aof_parse_item item_of(const char *text)
{
    return parse(text, strlen(text)).item;
}

TEST(a_command_and_where_the_next_one_begins)
{
    struct bytes data = BYTES("*2\r\n$3\r\nDEL\r\n$2\r\na\n\r\n*1\r\n$4\r\nPING\r\n");
    struct aof_parsed p = aof_parse(data, 0, &room);
    CHECK(p.item == AOF_PARSE_COMMAND && p.argc == 2 && bytes_is(room.argv[0], "DEL"));
    CHECK(bytes_is(room.argv[1], "a\n"));
    p = aof_parse(data, p.next, &room);
    CHECK(p.item == AOF_PARSE_COMMAND && p.argc == 1 && bytes_is(room.argv[0], "PING"));
    CHECK(p.next == data.n && aof_parse(data, p.next, &room).item == AOF_PARSE_END);
}

TEST(a_line_with_either_end)
{
    struct bytes data = BYTES("#SKIP:3\r\n#\n");
    struct aof_parsed p = aof_parse(data, 0, &room);
    CHECK(p.item == AOF_PARSE_LINE && bytes_is(p.line, "#SKIP:3") && p.next == 9);
    p = aof_parse(data, p.next, &room);
    CHECK(p.item == AOF_PARSE_LINE && bytes_is(p.line, "#") && p.next == data.n);
    CHECK(item_of("#SKIP:3") == AOF_PARSE_CUT);
}

TEST(what_the_end_cuts_off_is_cut_and_no_more)
{
    struct buf many = {0};
    struct bytes argv[300];
    for (int i = 0; i < 300; i++)
        argv[i] = BYTES("x\r\n");
    journal_format(&many, argv, 300);
    for (size_t n = 1; n < many.n; n++)
        CHECK(parse(many.p, n).item == AOF_PARSE_CUT);
    CHECK(parse(many.p, many.n).item == AOF_PARSE_COMMAND);
    buf_free(&many);
}

TEST(everything_else_is_bad)
{
    static const char *const bad[] = {
        "PING\r\n",        "\r\n",          "*0\r\n",
        "*-1\r\n",         "*1048577\r\n",  "*1\n$1\r\na\r\n",
        "*1\r\n:1\r\n",    "*1\r\n$-1\r\n", "*1\r\n$1\r\nabc",
        "*1\r\n$1\r\na\n", "*1x\r\n",       "*99999999999999999999\r\n"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        CHECK(item_of(bad[i]) == AOF_PARSE_BAD);
    aof_parse_free(&room);
    CHECK(!room.argv && room.cap == 0);
}

UNIT_MAIN(T(a_command_and_where_the_next_one_begins), T(a_line_with_either_end),
          T(what_the_end_cuts_off_is_cut_and_no_more), T(everything_else_is_bad))
