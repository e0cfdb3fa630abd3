#include "script/msgpack_lib.h"

#include "lua_state.h"
#include "unit.h"

static int open(lua_State *L)
{
    msgpack_lib_open(L);
    lua_setglobal(L, "m");
    return 0;
}

static bool says(const char *code, const char *want)
{
    return lua_opened_says(open, code, want);
}

#define HEX                                                                                        \
    "local function hex(s) return (s:gsub('.', function(c) return ('%02x'):format(c:byte()) "      \
    "end)) end "

TEST(the_shortest_form_is_packed)
{
    CHECK(says(HEX "return hex(m.pack(1)), hex(m.pack(-1)), hex(m.pack(200)), hex(m.pack(-200))",
               "01 ff ccc8 d1ff38"));
    CHECK(says(HEX "return hex(m.pack(0.5)), hex(m.pack(0.1))", "ca3f000000 cb3fb999999999999a"));
    CHECK(says(HEX "return hex(m.pack(nil)), hex(m.pack(true, false)), hex(m.pack('ab'))",
               "c0 c3c2 a26162"));
    CHECK(says(HEX "return hex(m.pack({1, 2})), hex(m.pack({a = 1})), hex(m.pack({[2] = 1}))",
               "920102 81a16101 810201"));
}

TEST(what_is_packed_is_unpacked)
{
    CHECK(says("for _, v in ipairs{0, 127, 128, 255, 256, 65535, 65536, 4294967295, 4294967296, "
               "-32, -33, -128, -129, -32768, -32769, -2147483649, 1.5, 0.1} do "
               "if m.unpack(m.pack(v)) ~= v then return v end end return 'same'",
               "same"));
    CHECK(says("for _, n in ipairs{0, 31, 32, 255, 256, 65535, 65536} do "
               "local v = ('x'):rep(n) if m.unpack(m.pack(v)) ~= v then return n end end "
               "return 'same'",
               "same"));
    CHECK(says("for _, n in ipairs{15, 16, 65536} do local v = {} for i = 1, n do v[i] = i end "
               "local w = m.unpack(m.pack(v)) if #w ~= n or w[n] ~= n then return n end end "
               "return 'same'",
               "same"));
    CHECK(says("local t = {} for i = 1, 20 do t['k' .. i] = i end "
               "local w = m.unpack(m.pack(t)) return w.k1, w.k20, w.k21",
               "1 20 nil"));
    CHECK(says("return m.unpack(m.pack(true, 'a', nil, 3))", "true a nil 3"));
}

TEST(some_of_the_values)
{
    CHECK(says("return m.unpack_one('\\1\\2\\3')", "1 1"));
    CHECK(says("return m.unpack_one('\\1\\2\\3', 2)", "-1 3"));
    CHECK(says("return m.unpack_limit('\\1\\2\\3', 2)", "2 1 2"));
    CHECK(
        says("return m.unpack_limit('\\1', 1, 5)", "Start offset 5 greater than input length 1."));
    CHECK(says("return m.unpack_limit('\\1', -1)",
               "Invalid request to unpack with offset of 0 and limit of 1."));
}

TEST(wrong_input)
{
    CHECK(says("return m.unpack('\\193')", "Bad data format in input."));
    CHECK(says("return m.unpack('\\162a')", "Missing bytes in input."));
    CHECK(says("return m.unpack('\\205\\1')", "Missing bytes in input."));
    CHECK(says("return m.unpack('\\129\\192\\1')", "Bad data format in input."));
    CHECK(says("return m.unpack(('\\145'):rep(1001) .. '\\1')", "Bad data format in input."));
    CHECK(says("return type(m.unpack(('\\145'):rep(1000) .. '\\1'))", "table"));
    CHECK(says("return m.pack()", "bad argument #0 to 'pack' (MessagePack pack needs input.)"));
}

TEST(what_nests_too_deeply_is_nil)
{
    CHECK(says(
        "local t = {} for i = 1, 15 do t = {t} end "
        "local n, w = 0, m.unpack(m.pack(t)) while type(w) == 'table' do n, w = n + 1, w[1] end "
        "return n, w",
        "16 nil"));
    CHECK(says("local t = {} for i = 1, 16 do t = {t} end "
               "return m.pack(t):byte(-1)",
               "192"));
}

UNIT_MAIN(T(the_shortest_form_is_packed), T(what_is_packed_is_unpacked), T(some_of_the_values),
          T(wrong_input), T(what_nests_too_deeply_is_nil))
