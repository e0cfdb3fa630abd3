#include "script/coroutine_lib.h"

#include "lua_state.h"
#include "unit.h"

static int open(lua_State *L)
{
    coroutine_lib_open(L);
    lua_setglobal(L, "co");
    return 0;
}

static bool says(const char *code, const char *want)
{
    return lua_opened_says(open, code, want);
}

TEST(values_go_in_and_come_out)
{
    CHECK(says("local c = co.create(function(a, b) local d = co.yield(a + b) return d * 2 end) "
               "local x, s = co.resume(c, 1, 2) local y, e = co.resume(c, 21) "
               "return x, s, y, e, co.resume(c)",
               "true 3 true 42 false cannot resume dead coroutine"));
    CHECK(says("local f = co.wrap(function() co.yield(1) co.yield(2) end) return f(), f(), f()",
               "1 2"));
}

TEST(states)
{
    CHECK(says("local outer outer = co.create(function() "
               "local c = co.create(function() return co.status(outer) end) "
               "local _, s = co.resume(c) return s, co.status(outer), co.status(c) end) "
               "local before = co.status(outer) local _, a, b, c = co.resume(outer) "
               "return before, a, b, c, co.status(outer), co.running()",
               "suspended normal running dead dead nil"));
    CHECK(says("local c c = co.create(function() return co.resume(c) end) return co.resume(c)",
               "true false cannot resume running coroutine"));
}

TEST(errors_end_a_coroutine)
{
    CHECK(says("local c = co.create(function() error('no', 0) end) "
               "local ok, why = co.resume(c) return ok, why, co.status(c)",
               "false no dead"));
    CHECK(says("return pcall(function() co.wrap(function() error('no', 0) end)() end)",
               "false t:1: no"));
    CHECK(says("co.create(tostring)", "bad argument #1 to 'create' (Lua function expected)"));
    CHECK(says("co.status(1)", "bad argument #1 to 'status' (coroutine expected)"));
}

TEST(coroutines_within_coroutines_are_bounded)
{
    CHECK(says("local deepest = 0 local function down(n) deepest = n "
               "local ok, why = co.resume(co.create(down), n + 1) "
               "if not ok then return why end return why end "
               "return down(1):sub(-16), deepest > 100 and deepest < 200",
               "C stack overflow true"));
}

UNIT_MAIN(T(values_go_in_and_come_out), T(states), T(errors_end_a_coroutine),
          T(coroutines_within_coroutines_are_bounded))
