#include "script/convert.h"

#include "lua_state.h"
#include "unit.h"

/* parse(text): the reply as a value; write(value, resp3, most): the value as a reply, each line's
 * end "|". */
static int parse(lua_State *L)
{
    size_t n;
    const char *p = luaL_checklstring(L, 1, &n);
    convert_to_lua(L, bytes_of(p, n));
    return 1;
}

static struct chain out;

static int write(lua_State *L)
{
    bool resp3 = lua_toboolean(L, 2);
    size_t most = (size_t)lua_tointeger(L, 3);
    struct reply r = {.out = &out, .resp = resp3 ? 3 : 2};
    lua_settop(L, 1);
    convert_to_reply(L, &r, resp3, most);
    luaL_argcheck(L, lua_gettop(L) == 0, 1, "was not popped");
    char text[512];
    size_t n = 0;
    while (chain_pending(&out)) {
        struct iovec piece;
        chain_pieces(&out, &piece, 1, UINT64_MAX);
        const char *p = piece.iov_base;
        for (size_t i = 0; i < piece.iov_len && n < sizeof(text); i++)
            if (p[i] != '\r')
                text[n++] = p[i] == '\n' ? '|' : p[i];
        chain_take(&out, piece.iov_len);
    }
    lua_pushlstring(L, text, n);
    return 1;
}

static int open(lua_State *L)
{
    lua_pushcfunction(L, parse);
    lua_setglobal(L, "parse");
    lua_pushcfunction(L, write);
    lua_setglobal(L, "write");
    return 0;
}

static bool says(const char *code, const char *want)
{
    struct vm vm;
    lua_begin(&vm, open);
    bool same = lua_says(&vm, code, want);
    vm_free(&vm);
    chain_free(&out);
    return same;
}

TEST(replies_of_resp2_become_values)
{
    CHECK(says("return parse(':-12\\r\\n'), parse('$3\\r\\na\\rb\\r\\n') == 'a\\rb', "
               "parse('$-1\\r\\n'), parse('*-1\\r\\n')",
               "-12 true false false"));
    CHECK(says("local t = parse('+OK\\r\\n') return t.ok, t.err", "OK nil"));
    CHECK(says("local t = parse('-ERR no\\r\\n') return t.err, t.ignore_error_stats_update",
               "ERR no true"));
    CHECK(says("local t = parse('*3\\r\\n:1\\r\\n$-1\\r\\n*1\\r\\n+x\\r\\n') "
               "return #t, t[1], t[2], t[3][1].ok",
               "3 1 false x"));
}

TEST(replies_of_resp3_become_tables)
{
    CHECK(says("return parse('_\\r\\n'), parse('#t\\r\\n'), parse('#f\\r\\n')", "nil true false"));
    CHECK(says("return parse(',1.5\\r\\n').double, parse('(123\\r\\n').big_number", "1.5 123"));
    CHECK(says("local v = parse('=7\\r\\ntxt:abc\\r\\n').verbatim_string "
               "return v.format, v.string",
               "txt abc"));
    CHECK(says("local m = parse('%2\\r\\n+a\\r\\n:1\\r\\n_\\r\\n:2\\r\\n').map "
               "local n = 0 for k, v in pairs(m) do n = n + 1 end return n",
               "1"));
    CHECK(says("local m = parse('%1\\r\\n$1\\r\\na\\r\\n:1\\r\\n').map return m.a", "1"));
    CHECK(says("local s = parse('~2\\r\\n:7\\r\\n:8\\r\\n').set return s[7], s[8], s[1]",
               "true true nil"));
    CHECK(says("local t = parse('>2\\r\\n:7\\r\\n:8\\r\\n') return t[1], t[2]", "7 8"));
    CHECK(says("return parse('|1\\r\\n+a\\r\\n+b\\r\\n:5\\r\\n')", "5"));
}

TEST(values_become_replies)
{
    CHECK(says("return write('a'), write(3.9), write(-3.9), write(nil)", "$1|a| :3| :-3| $-1|"));
    CHECK(
        says("return write(1e300), write(true), write(false)", ":-9223372036854775808| :1| $-1|"));
    CHECK(says("return write(true, true), write(false, true), write(nil, true)", "#t| #f| _|"));
    CHECK(says("return write({1, 'x', nil, 2}), write({})", "*2|:1|$1|x| *0|"));
    CHECK(says("return write(print)", "$-1|"));
}

TEST(tables_with_one_meaning)
{
    CHECK(says("return write({ok = 'a\\r\\nb'}), write({err = 'ERR x'})", "+a  b| -ERR x|"));
    CHECK(says("return write({double = 1.5}, true), write({double = 1.5})", ",1.5| $3|1.5|"));
    CHECK(says("return write({map = {a = 1}}, true), write({map = {a = 1}})",
               "%1|$1|a|:1| *2|$1|a|:1|"));
    CHECK(says("return write({set = {a = true}}, true), write({set = {a = true}})",
               "~1|$1|a| *1|$1|a|"));
    CHECK(says("return write({big_number = '12\\r3'}, true)", "(12 3|"));
    CHECK(says("return write({verbatim_string = {format = 'mkd', string = 'x'}}, true)",
               "=5|mkd:x|"));
    CHECK(says("return write({verbatim_string = {string = 'x'}}, true)", "_|"));
    CHECK(says("return write({ok = 'x', err = 'ERR y'})", "-ERR y|"));
}

TEST(nesting_and_size_are_bounded)
{
    CHECK(says("local t = {} for i = 1, 999 do t = {t} end return (pcall(write, t))", "true"));
    CHECK(says("local t = {} for i = 1, 1000 do t = {t} end "
               "local ok, e = pcall(write, t) return ok, e.err",
               "false ERR reached lua stack limit"));
    CHECK(says("local t = {} for i = 1, 20 do t[i] = 'abcdefghij' end "
               "local ok, e = pcall(write, t, false, 100) return ok, e.err",
               "false ERR the script's reply is larger than script-memory-limit"));
    CHECK(says("local t = {} for i = 1, 5 do t[i] = 'abcdefghij' end "
               "return (pcall(write, t, false, 100))",
               "true"));
}

UNIT_MAIN(T(replies_of_resp2_become_values), T(replies_of_resp3_become_tables),
          T(values_become_replies), T(tables_with_one_meaning), T(nesting_and_size_are_bounded))
