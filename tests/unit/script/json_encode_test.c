#include "script/json_encode.h"

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
    CHECK(says("return j.encode(true), j.encode(false), j.encode(nil), j.encode(j.null)",
               "true false null null"));
    CHECK(says("return j.encode(1), j.encode(-0.5), j.encode(1e20), j.encode(123456789012345)",
               "1 -0.5 1e+20 1.2345678901234e+14"));
    CHECK(says("return j.encode({}), j.encode({1, {2}, 'x'}), j.encode({a = {b = 1}})",
               "{} [1,[2],\"x\"] {\"a\":{\"b\":1}}"));
    CHECK(says("return j.encode({[1.5] = 1}), j.encode({[3] = 1})", "{\"1.5\":1} [null,null,1]"));
}

TEST(strings_are_escaped)
{
    CHECK(says("return j.encode('a\"\\\\/\\b\\t\\n\\f\\r\\1\\127')",
               "\"a\\\"\\\\\\/\\b\\t\\n\\f\\r\\u0001\\u007f\""));
    CHECK(says("return #j.encode(('\\1'):rep(1000))", "6002"));
}

TEST(sparse_arrays)
{
    CHECK(says("return j.encode({[11] = 1})", "Cannot serialise table: excessively sparse array"));
    CHECK(says("j.encode_sparse_array(true) return j.encode({[11] = 1})", "{\"11\":1}"));
    CHECK(says("return #j.encode({[10] = 1})", "48"));
    CHECK(says("j.encode_sparse_array(false, 0) return #j.encode({[11] = 1})", "53"));
}

TEST(what_json_cannot_hold)
{
    CHECK(says("j.encode(1 / 0)", "Cannot serialise number: must not be NaN or Inf"));
    CHECK(says("j.encode_invalid_numbers(true) "
               "return j.encode(1 / 0), j.encode(-1 / 0), j.encode(0 / 0)",
               "inf -inf nan"));
    CHECK(says("j.encode_invalid_numbers('null') return j.encode(1 / 0)", "null"));
    CHECK(says("j.encode(print)", "Cannot serialise function: type not supported"));
    CHECK(says("j.encode({[true] = 1})",
               "Cannot serialise boolean: table key must be a number or string"));
    CHECK(says("j.encode_max_depth(2) return j.encode({{1}})", "[[1]]"));
    CHECK(
        says("j.encode_max_depth(2) j.encode({{{1}}})", "Cannot serialise, excessive nesting (3)"));
}

UNIT_MAIN(T(values), T(strings_are_escaped), T(sparse_arrays), T(what_json_cannot_hold))
