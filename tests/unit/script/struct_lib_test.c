#include "script/struct_lib.h"

#include "lua_state.h"
#include "unit.h"

static int open(lua_State *L)
{
    struct_lib_open(L);
    lua_setglobal(L, "s");
    return 0;
}

static bool says(const char *code, const char *want)
{
    return lua_opened_says(open, code, want);
}

TEST(integers_in_both_orders)
{
    CHECK(says("return s.pack('<i4', 1) == '\\1\\0\\0\\0', s.pack('>i4', 1) == '\\0\\0\\0\\1'",
               "true true"));
    CHECK(says("return s.unpack('>I2', '\\1\\2')", "258 3"));
    CHECK(
        says("return s.unpack('<bBhH', s.pack('<bBhH', -1, 255, -2, 65535))", "-1 255 -2 65535 7"));
    CHECK(says("return s.unpack('i8', s.pack('i8', -5))", "-5 9"));
}

TEST(numbers)
{
    CHECK(says("return s.unpack('<fd', s.pack('<fd', 0.5, -1.25))", "0.5 -1.25 13"));
    CHECK(says("return s.unpack('>fd', s.pack('>fd', 0.5, -1.25))", "0.5 -1.25 13"));
    CHECK(says("return s.pack('>f', 1) == '\\63\\128\\0\\0'", "true"));
}

TEST(strings)
{
    CHECK(says("return s.unpack('sc2', s.pack('sc2', 'ab', 'cde'))", "ab cd 6"));
    CHECK(says("return s.unpack('Bc0', '\\2xyz')", "xy 4"));
    CHECK(says("return s.unpack('c0', 'x')", "format 'c0' needs a previous size"));
    CHECK(says("return s.unpack('Bc0', '\\9xyz')",
               "bad argument #2 to 'unpack' (data string too short)"));
    CHECK(says("return s.unpack('s', 'abc')", "unfinished string in data"));
}

TEST(alignment_and_size)
{
    CHECK(says("return s.size('!4bi4'), s.size('bi4'), s.size('xxh')", "8 5 4"));
    CHECK(says("return s.unpack('!4bi4', s.pack('!4bi4', 1, 2))", "1 2 9"));
    CHECK(says("return s.unpack('xb', '\\9\\5')", "5 3"));
    CHECK(says("return s.size('s')", "bad argument #1 to 'size' (option 's' has no fixed size)"));
}

TEST(what_does_not_fit_is_refused)
{
    CHECK(says("return s.unpack('i4', 'abc')",
               "bad argument #2 to 'unpack' (data string too short)"));
    CHECK(says("return s.unpack('b', 'abc', 3)", "99 4"));
    CHECK(says("return s.unpack('b', 'abc', 4)",
               "bad argument #2 to 'unpack' (data string too short)"));
    CHECK(says("return s.unpack('b', 'abc', 0)",
               "bad argument #3 to 'unpack' (offset must be 1 or greater)"));
}

UNIT_MAIN(T(integers_in_both_orders), T(numbers), T(strings), T(alignment_and_size),
          T(what_does_not_fit_is_refused))
