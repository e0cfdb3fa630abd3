#include "script/table_lib.h"

#include "lua_state.h"
#include "unit.h"

static void refuse(lua_State *L, int index)
{
    lua_getfield(L, index, "locked");
    if (lua_toboolean(L, -1))
        luaL_error(L, "locked");
    lua_pop(L, 1);
}

static int open(lua_State *L)
{
    lua_pushcfunction(L, luaopen_table);
    lua_call(L, 0, 1);
    table_lib_open(L, refuse);
    lua_pop(L, 1);
    return 0;
}

static bool says(const char *code, const char *want)
{
    return lua_opened_says(open, code, want);
}

TEST(insert_and_remove_shift_what_stands_behind)
{
    CHECK(says("local t = {1, 2, 3} table.insert(t, 4) table.insert(t, 1, 0) table.insert(t, 3, 9) "
               "return table.concat(t, ',')",
               "0,1,9,2,3,4"));
    CHECK(says("local t = {1, 2, 3, 4} local a = table.remove(t, 2) local b = table.remove(t) "
               "return a, b, table.remove(t, 7), table.concat(t, ',')",
               "2 4 nil 1,3"));
    CHECK(says("local t = {} return select('#', table.remove(t))", "0"));
    CHECK(says("table.insert({}, 1, 2, 3)", "wrong number of arguments to 'insert'"));
}

TEST(foreach_stops_at_the_first_result)
{
    CHECK(says("local n = 0 local r = table.foreachi({5, 6, 7}, function(i, v) n = n + i "
               "if v == 6 then return 'found' end end) return r, n",
               "found 3"));
    CHECK(
        says("local r = table.foreach({a = 1}, function(k, v) return k .. v end) return r", "a1"));
    CHECK(says("return table.foreach({1, 2}, function() end)", ""));
}

TEST(sort)
{
    CHECK(says("local t = {} for i = 1, 300 do t[i] = i * 7919 % 301 end table.sort(t) "
               "for i = 2, 300 do if t[i - 1] > t[i] then return i end end return 'sorted'",
               "sorted"));
    CHECK(says("local t = {3, 1, 2} table.sort(t, function(a, b) return a > b end) "
               "return table.concat(t, ',')",
               "3,2,1"));
    CHECK(says("local t = {2, 1} table.sort(t) return t[1], t[2]", "1 2"));
    CHECK(says("table.sort({1, 'a'})", "attempt to compare string with number"));
    CHECK(says("table.sort({3, 1, 2, 5, 4}, function() return true end)",
               "invalid order function for sorting"));
    CHECK(says("table.sort({}, 1)", "bad argument #2 to 'sort' (function expected, got number)"));
}

TEST(writing_asks_first)
{
    CHECK(says("table.insert({locked = true}, 1)", "locked"));
    CHECK(says("table.remove({1, locked = true})", "locked"));
    CHECK(says("table.sort({2, 1, locked = true})", "locked"));
    CHECK(says("table.setn({}, 1)", "'setn' is obsolete"));
}

UNIT_MAIN(T(insert_and_remove_shift_what_stands_behind), T(foreach_stops_at_the_first_result),
          T(sort), T(writing_asks_first))
