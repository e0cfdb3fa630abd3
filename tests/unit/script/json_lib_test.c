#include "script/json_lib.h"

#include "lua_state.h"
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

TEST(options_answer_what_holds)
{
    CHECK(says("return j.encode_max_depth(), j.decode_max_depth(), j.encode_number_precision()",
               "1000 1000 14"));
    CHECK(says("return j.encode_max_depth(5), j.encode_max_depth(), j.decode_max_depth()",
               "5 5 1000"));
    CHECK(says("return j.decode_max_depth(6), j.decode_max_depth(), j.encode_max_depth()",
               "6 6 1000"));
    CHECK(says("return j.encode_sparse_array()", "false 2 10"));
    CHECK(says("j.encode_sparse_array(true, 3, 4) return j.encode_sparse_array()", "true 3 4"));
    CHECK(says("return j.encode_invalid_numbers(), j.encode_invalid_numbers('null'), "
               "j.encode_invalid_numbers(true)",
               "false null true"));
    CHECK(says("return j.decode_invalid_numbers(), j.decode_invalid_numbers(false)", "true false"));
    CHECK(says("return j.encode_keep_buffer(), j.encode_keep_buffer(false)", "true false"));
    CHECK(says("j.encode_number_precision(15)",
               "bad argument #1 to 'encode_number_precision' (expected integer between 1 and 14)"));
}

TEST(each_table_has_its_own_options)
{
    CHECK(says("local k = j.new() k.encode_number_precision(3) "
               "return j.encode(1 / 3), k.encode(1 / 3)",
               "0.33333333333333 0.333"));
    CHECK(says("return j._NAME, j._VERSION, j.null == j.decode('null')", "cjson 2.1.0 true"));
}

TEST(one_argument)
{
    CHECK(says("j.encode()", "bad argument #1 to 'encode' (expected 1 argument)"));
    CHECK(says("j.decode('1', 2)", "bad argument #1 to 'decode' (expected 1 argument)"));
    CHECK(says("j.decode({})", "bad argument #1 to 'decode' (string expected, got table)"));
    CHECK(says("return j.decode(12)", "12"));
}

UNIT_MAIN(T(options_answer_what_holds), T(each_table_has_its_own_options), T(one_argument))
