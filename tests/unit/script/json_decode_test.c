#include "script/json_decode.h"

#include "lua_state.h"
#include "script/json_lib.h"
#include "unit.h"

static int open(lua_State *L)
{
    json_lib_open(L);
    lua_setglobal(L, "j");
    return 0;
}

static bool says(const char *code, const char *want)
{
    return lua_opened_says(open, code, want);
}

TEST(values)
{
    CHECK(says("local t = j.decode(' {\"a\" : [1, -2.5e1, true, false, null], \"b\":{}} ') "
               "return #t.a, t.a[1], t.a[2], t.a[3], t.a[4], t.a[5] == j.null, next(t.b)",
               "5 1 -25 true false true nil"));
    CHECK(says("return #j.decode('[]'), j.decode('\"x\"'), j.decode('7')", "0 x 7"));
}

TEST(strings_are_unescaped)
{
    CHECK(says("return j.decode('\"a\\\\n\\\\t\\\\/\\\\u0041\\\\\"\"') == 'a\\n\\t/A\"'", "true"));
    CHECK(says("return j.decode('\"\\\\u00e9\"') == '\\195\\169', "
               "j.decode('\"\\\\u20AC\"') == '\\226\\130\\172', "
               "j.decode('\"\\\\ud83d\\\\ude00\"') == '\\240\\159\\152\\128'",
               "true true true"));
    CHECK(says("j.decode('\"\\\\ud83d\"')",
               "Expected value but found invalid unicode escape code at character 2"));
    CHECK(says("j.decode('\"\\\\x\"')",
               "Expected value but found invalid escape code at character 2"));
    CHECK(says("j.decode('\"ab')",
               "Expected value but found unexpected end of string at character 4"));
}

TEST(wrong_input)
{
    CHECK(
        says("j.decode('[1 2]')", "Expected comma or array end but found T_NUMBER at character 4"));
    CHECK(says("j.decode('[1,]')", "Expected value but found T_ARR_END at character 4"));
    CHECK(
        says("j.decode('{1:2}')", "Expected object key string but found T_NUMBER at character 2"));
    CHECK(says("j.decode('{\"a\" 1}')", "Expected colon but found T_NUMBER at character 6"));
    CHECK(says("j.decode('{\"a\":1 2}')",
               "Expected comma or object end but found T_NUMBER at character 8"));
    CHECK(says("j.decode('1 2')", "Expected the end but found T_NUMBER at character 3"));
    CHECK(says("j.decode('tru')", "Expected value but found invalid token at character 1"));
    CHECK(says("j.decode('')", "Expected value but found T_END at character 1"));
    CHECK(says("j.decode('1\\0')", "JSON parser does not support UTF-16 or UTF-32"));
}

TEST(strange_numbers_are_an_option)
{
    CHECK(says("return j.decode('0x10'), j.decode('inf') == 1 / 0, j.decode('012')", "16 true 12"));
    CHECK(says("j.decode_invalid_numbers(false) j.decode('0x10')",
               "Expected value but found invalid number at character 1"));
    CHECK(says("j.decode_invalid_numbers(false) j.decode('inf')",
               "Expected value but found invalid token at character 1"));
    CHECK(says("j.decode_invalid_numbers(false) j.decode('-01')",
               "Expected value but found invalid number at character 1"));
    CHECK(says("j.decode_invalid_numbers(false) return j.decode('0.5'), j.decode('-0')", "0.5 -0"));
}

TEST(nesting_is_bounded)
{
    CHECK(says("return type(j.decode(('['):rep(1000) .. (']'):rep(1000)))", "table"));
    CHECK(says("j.decode(('['):rep(1001) .. (']'):rep(1001))",
               "Found too many nested data structures (1001) at character 1001"));
    CHECK(says("j.decode_max_depth(1) return #j.decode('[1]')", "1"));
    CHECK(says("j.decode_max_depth(1) j.decode('[{}]')",
               "Found too many nested data structures (2) at character 2"));
}

UNIT_MAIN(T(values), T(strings_are_unescaped), T(wrong_input), T(strange_numbers_are_an_option),
          T(nesting_is_bounded))
