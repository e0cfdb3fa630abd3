#include "script/text_lib.h"

#include "lua_state.h"
#include "unit.h"

static int open(lua_State *L)
{
    lua_getglobal(L, "string");
    text_lib_open(L);
    lua_pop(L, 1);
    return 0;
}

static bool says(const char *code, const char *want)
{
    return lua_opened_says(open, code, want);
}

TEST(find_tells_places)
{
    CHECK(says("return ('hello'):find('l')", "3 3"));
    CHECK(says("return ('hello'):find('l+'), ('hello'):find('xyz')", "3 nil"));
    CHECK(says("return ('a.b'):find('.', 2, true)", "2 2"));
    CHECK(says("return ('hello'):find('(l)(l)', -4)", "3 4 l l"));
    CHECK(says("return ('hello'):find('', 9), ('hello'):find('^e'), ('hello'):find('^e', 2)",
               "6 nil 2 2"));
}

TEST(items_of_a_pattern)
{
    CHECK(says("return ('key = 10'):match('^(%a+)%s*=%s*(%d+)$')", "key 10"));
    CHECK(says("return ('aaa'):match('a-$'), ('aaa'):match('a?'), ('b'):match('a*b')", "aaa a b"));
    CHECK(says("return ('x-5]'):match('[%d%]]+'), ('abc'):match('[^a-b]'), ('a^'):match('[%^]')",
               "5] c ^"));
    CHECK(says("return ('f(a(b)c)d'):match('%b()')", "(a(b)c)"));
    CHECK(says("return ('THE (quick) fox'):find('%f[%a]%a+%f[%A]', 5)", "6 10"));
    CHECK(says("return ('say \"hi\" now'):match('([\"\\'])(.-)%1')", "\" hi"));
    CHECK(says("return ('ab'):match('()b()')", "2 3"));
}

TEST(malformed_patterns)
{
    CHECK(says("return ('a'):match('%')", "malformed pattern (ends with '%')"));
    CHECK(says("return ('a'):match('[a')", "malformed pattern (missing ']')"));
    CHECK(says("return ('a'):match('(a')", "unfinished capture"));
    CHECK(says("return ('a'):match('a)')", "invalid pattern capture"));
    CHECK(says("return ('a'):match('%f')", "missing '[' after '%f' in pattern"));
    CHECK(says("return ('a'):match('%1')", "invalid capture index"));
    CHECK(says("return ('a'):match('%b')", "unbalanced pattern"));
    CHECK(says("return ('a'):rep(300):match(('(a)'):rep(33))", "too many captures"));
    CHECK(says("return ('a'):rep(300):match(('a?'):rep(300))", "pattern too complex"));
}

TEST(gmatch_and_gsub)
{
    CHECK(says("local t = '' for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do t = t .. k .. v end "
               "return t",
               "a1b2"));
    CHECK(says("return ('hello world'):gsub('o', '0', 1)", "hell0 world 1"));
    CHECK(says("return ('hello'):gsub('(l)(o)', '%2%1%0%%')", "helollo% 1"));
    CHECK(says("return ('abc'):gsub('%w', {a = 1, b = false})", "1bc 3"));
    CHECK(says("return ('abc'):gsub('', '-')", "-a-b-c- 4"));
    CHECK(says("return ('aaa'):gsub('^a', 'b')", "baa 1"));
    CHECK(says("return ('ab'):gsub('%w', function(x) return x .. x end)", "aabb 2"));
    CHECK(says("return ('a'):gsub('a', function() return {} end)",
               "invalid replacement value (a table)"));
}

TEST(rep)
{
    CHECK(says("return ('ab'):rep(3), ('x'):rep(4), ('x'):rep(0) == '', (''):rep(1e9) == ''",
               "ababab xxxx true true"));
}

UNIT_MAIN(T(find_tells_places), T(items_of_a_pattern), T(malformed_patterns), T(gmatch_and_gsub),
          T(rep))
