#include "script/sandbox.h"

#include "script_commands.h"
#include "unit.h"

static struct bench *b;
static struct client *c;

static bool says(const char *code, const char *want)
{
    return script_says(c, "EVAL", code, want);
}

static void begin(void)
{
    b = script_begin();
    c = bench_client(b);
}

/* What an error says, without its place. */
#define ERROR_OF(code)                                                                             \
    "local ok, e = pcall(function() " code " end) return (tostring(e):gsub('^[^ ]*: ', ''))"

TEST(libraries_and_globals_are_readonly)
{
    begin();
    CHECK(says(ERROR_OF("x = 1"), "$34|Attempt to modify a readonly table|"));
    CHECK(says(ERROR_OF("string.len = 1"), "$34|Attempt to modify a readonly table|"));
    CHECK(says(ERROR_OF("rawset(redis, 'call', 1)"), "$34|Attempt to modify a readonly table|"));
    CHECK(says(ERROR_OF("setmetatable(_G, {})"), "$34|Attempt to modify a readonly table|"));
    CHECK(says(ERROR_OF("table.insert(math, 1)"), "$34|Attempt to modify a readonly table|"));
    CHECK(says("return {getmetatable('') == false, getmetatable(math) == false}", "*2|:1|:1|"));
    script_end(b);
}

TEST(unknown_globals_raise)
{
    begin();
    CHECK(says(ERROR_OF("return nope"),
               "$61|Script attempted to access nonexistent global variable 'nope'|"));
    CHECK(says("return {rawget(_G, 'print') == nil, rawget(_G, 'dofile') == nil, "
               "rawget(_G, 'require') == nil, rawget(_G, 'setfenv') == nil, "
               "rawget(string, 'dump') == nil}",
               "*5|:1|:1|:1|:1|:1|"));
    script_end(b);
}

TEST(what_is_readonly_can_be_walked)
{
    begin();
    CHECK(says("local n = 0 for k, v in pairs(bit) do n = n + 1 end return n", ":12|"));
    CHECK(says("return {next(bit) ~= nil, rawget(bit, 'band') == bit.band, next({}) == nil}",
               "*3|:1|:1|:1|"));
    CHECK(says("local n = 0 for k, v in pairs({1, 2}) do n = n + v end return n", ":3|"));
    script_end(b);
}

TEST(random_numbers_are_the_same_in_every_process)
{
    begin();
    CHECK(says("math.randomseed(0) return {math.random(100), math.random(100), math.random(5, 6)}",
               "*3|:18|:75|:5|"));
    CHECK(says("math.randomseed(1) local a = math.random() math.randomseed(1) "
               "return a == math.random()",
               ":1|"));
    CHECK(says("return math.random(7, 7)", ":7|"));
    CHECK(says(ERROR_OF("math.random(2, 1)"),
               "$47|bad argument #2 to 'random' (interval is empty)|"));
    script_end(b);
}

TEST(errors_that_are_tables_come_out_as_text)
{
    begin();
    CHECK(says("local ok, e = pcall(error, {err = 'MINE x'}) return {ok, e}", "*2|$-1|$6|MINE x|"));
    CHECK(says("local ok, e = pcall(error, {x = 'y'}) return e.x", "$1|y|"));
    CHECK(says("local ok, e = xpcall(function() error('a', 0) end, function(e) return e .. 'b' end)"
               " return {ok, e}",
               "*2|$-1|$2|ab|"));
    CHECK(says("return {pcall(function() return 1, 2 end)}", "*3|:1|:1|:2|"));
    script_end(b);
}

TEST(text_becomes_functions_and_bytecode_does_not)
{
    begin();
    CHECK(says("return loadstring('return 1 + 1')()", ":2|"));
    CHECK(says("local n = 0 return load(function() n = n + 1 "
               "return ({'return ', '7'})[n] end)()",
               ":7|"));
    CHECK(says("local f, why = loadstring('return (') return {f == nil, type(why)}",
               "*2|:1|$6|string|"));
    CHECK(says("return loadstring('\\27Lua') == nil", ":1|"));
    script_end(b);
}

TEST(unpack_takes_any_range)
{
    begin();
    CHECK(says("return {unpack({1, 2, 3}, 2)}", "*2|:2|:3|"));
    CHECK(says("return {unpack({1, 2, 3}, 1, 2)}", "*2|:1|:2|"));
    CHECK(says("return select('#', unpack({}, 1, 0))", ":0|"));
    CHECK(says(ERROR_OF("unpack({}, -2147483648, 2147483647)"), "$26|too many results to unpack|"));
    script_end(b);
}

TEST(collectgarbage_answers_and_changes_nothing)
{
    begin();
    CHECK(says("return {collectgarbage('count') > 10, collectgarbage('stop'), gcinfo() > 10}",
               "*3|:1|:0|:1|"));
    script_end(b);
}

UNIT_MAIN(T(libraries_and_globals_are_readonly), T(unknown_globals_raise),
          T(what_is_readonly_can_be_walked), T(random_numbers_are_the_same_in_every_process),
          T(errors_that_are_tables_come_out_as_text),
          T(text_becomes_functions_and_bytecode_does_not), T(unpack_takes_any_range),
          T(collectgarbage_answers_and_changes_nothing))
