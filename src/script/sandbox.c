/* The environment of user code, and its isolation.
 *
 * A new state gets Lua's own base, table, string and math libraries. Functions that access files,
 * bytecode or other environments are removed; those that cannot be interrupted, need unbounded
 * stack, or would circumvent the protection are replaced by our own.
 *
 * Protection: each library table, and the table of globals, is replaced by a proxy ("face"): an
 * empty table whose metatable reads from the real one (__index), refuses writes (__newindex) and
 * hides itself (__metatable). The metatable keeps the real table under the address of real_key,
 * which no Lua code can use as a key. Functions that bypass metamethods (rawset, rawget, next,
 * pairs, setmetatable, table.insert ...) check for that key: they read the real table, or refuse to
 * write. The real table of globals is in the registry under globals_key, where sandbox_set_global()
 * finds it.
 *
 * Errors: sandbox_on_error() converts a raised error to a table with err, source and line, from
 * which the reply is made. pcall and xpcall catch everything but the error that ends a run
 * (vm_check_ended). */
#include "script/sandbox.h"

#include "script/bit_lib.h"
#include "script/coroutine_lib.h"
#include "script/json_lib.h"
#include "script/msgpack_lib.h"
#include "script/run.h"
#include "script/struct_lib.h"
#include "script/table_lib.h"
#include "script/text_lib.h"

#include <lualib.h>
#include <math.h>

/* Registry keys, by their addresses. */
static const char globals_key, real_key;

#define READONLY "Attempt to modify a readonly table"

static int refuse_write(lua_State *L)
{
    return luaL_error(L, READONLY);
}

static int refuse_unknown(lua_State *L)
{
    return luaL_error(L, "Script attempted to access nonexistent global variable '%s'",
                      lua_type(L, 2) == LUA_TSTRING || lua_type(L, 2) == LUA_TNUMBER
                          ? lua_tostring(L, 2)
                          : luaL_typename(L, 2));
}

/* Replaces the table on top by a read-only face. */
static void protect(lua_State *L)
{
    lua_newtable(L); /* the face */
    lua_newtable(L); /* its metatable */
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, refuse_write);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pushlightuserdata(L, (void *)(uintptr_t)&real_key);
    lua_pushvalue(L, -4);
    lua_rawset(L, -3);
    lua_setmetatable(L, -2);
    lua_replace(L, -2);
}

/* Pushes the real table of a face; false (and nothing pushed): not a face. */
static bool push_real(lua_State *L, int index)
{
    if (!lua_istable(L, index) || !lua_getmetatable(L, index))
        return false;
    lua_pushlightuserdata(L, (void *)(uintptr_t)&real_key);
    lua_rawget(L, -2);
    lua_remove(L, -2);
    if (lua_istable(L, -1))
        return true;
    lua_pop(L, 1);
    return false;
}

static void refuse_face(lua_State *L, int index)
{
    if (push_real(L, index)) {
        lua_pushliteral(L, READONLY); /* without a position, as in Redis */
        lua_error(L);
    }
}

/* ---- Functions of the base library that would lead out of the sandbox */

static int base_rawset(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 2);
    luaL_checkany(L, 3);
    refuse_face(L, 1);
    lua_settop(L, 3);
    lua_rawset(L, 1);
    return 1;
}

static int base_rawget(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 2);
    lua_settop(L, 2);
    if (push_real(L, 1))
        lua_replace(L, 1);
    lua_rawget(L, 1);
    return 1;
}

static int base_setmetatable(lua_State *L)
{
    int type = lua_type(L, 2);
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argcheck(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table expected");
    refuse_face(L, 1);
    if (luaL_getmetafield(L, 1, "__metatable"))
        return luaL_error(L, "cannot change a protected metatable");
    lua_settop(L, 2);
    lua_setmetatable(L, 1);
    return 1;
}

static int base_next(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    if (push_real(L, 1))
        lua_replace(L, 1);
    if (lua_next(L, 1))
        return 2;
    lua_pushnil(L);
    return 1;
}

/* Upvalues: Lua's next, next for faces. */
static int base_pairs(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    bool face = push_real(L, 1);
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(face ? 2 : 1));
    lua_insert(L, 1);
    lua_pushnil(L);
    return 3;
}

static int base_loadstring(lua_State *L)
{
    size_t n;
    const char *text = luaL_checklstring(L, 1, &n);
    const char *name = luaL_optstring(L, 2, text);
    if (vm_load(L, bytes_of(text, n), name) == 0)
        return 1;
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
}

static int base_load(lua_State *L)
{
    luaL_Buffer b;
    vm_check_stack(L);
    luaL_checktype(L, 1, LUA_TFUNCTION);
    const char *name = luaL_optstring(L, 2, "=(load)");
    lua_settop(L, 2);
    luaL_buffinit(L, &b);
    for (;;) {
        vm_poll(L);
        lua_pushvalue(L, 1);
        lua_call(L, 0, 1);
        if (lua_isnil(L, -1))
            break;
        if (!lua_isstring(L, -1))
            return luaL_error(L, "reader function must return a string");
        if (lua_objlen(L, -1) == 0)
            break;
        luaL_addvalue(&b);
    }
    lua_pop(L, 1);
    luaL_pushresult(&b);
    size_t n;
    const char *text = lua_tolstring(L, -1, &n);
    if (vm_load(L, bytes_of(text, n), name) == 0)
        return 1;
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
}

/* Scripts may read the collector's counters, but not control it. */
static int base_collectgarbage(lua_State *L)
{
    static const char *const words[] = {"collect", "count",    "stop",       "restart",
                                        "step",    "setpause", "setstepmul", NULL};
    int what = luaL_checkoption(L, 1, "collect", words);
    if (what == 1)
        lua_pushnumber(L, (double)vm_of(L)->used / 1024);
    else
        lua_pushinteger(L, 0);
    return 1;
}

static int base_gcinfo(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)(vm_of(L)->used / 1024));
    return 1;
}

/* ---- Random numbers: the generator of drand48(), as everywhere Redis runs */

static double random_number(lua_State *L)
{
    struct run *r = run_of(L);
    r->random = (r->random * 0x5deece66dULL + 11) & 0xffffffffffffULL;
    return (double)((int32_t)(r->random >> 17) % INT32_MAX) / INT32_MAX;
}

static int math_random(lua_State *L)
{
    double x = random_number(L);
    int n = lua_gettop(L);
    if (n == 0) {
        lua_pushnumber(L, x);
        return 1;
    }
    if (n > 2)
        return luaL_error(L, "wrong number of arguments");
    double low = n == 2 ? luaL_checknumber(L, 1) : 1, high = luaL_checknumber(L, n);
    luaL_argcheck(L, low <= high, n, "interval is empty");
    lua_pushnumber(L, floor(x * (high - low + 1)) + low);
    return 1;
}

static int math_randomseed(lua_State *L)
{
    double seed = luaL_checknumber(L, 1);
    run_of(L)->random =
        ((uint64_t)(uint32_t)(seed >= -2147483648.0 && seed < 4294967296.0 ? (int64_t)seed : 0)
             << 16 |
         0x330e) &
        0xffffffffffffULL;
    return 0;
}

static void set_function(lua_State *L, const char *name, lua_CFunction f)
{
    lua_pushcfunction(L, f);
    lua_setfield(L, -2, name);
}

/* ---- Errors */

/* pcall returns an error that is a table with err as its text. */
static int base_pcall(lua_State *L)
{
    luaL_checkany(L, 1);
    int failed = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
    vm_check_ended(L);
    if (failed && lua_istable(L, -1)) {
        lua_pushliteral(L, "err");
        lua_rawget(L, -2);
        if (lua_type(L, -1) == LUA_TSTRING)
            lua_replace(L, -2);
        else
            lua_pop(L, 1);
    }
    lua_pushboolean(L, !failed);
    lua_insert(L, 1);
    return lua_gettop(L);
}

/* Upvalue: a script's handler. It is not called for the error that ends the run: Lua disables hooks
 * during a handler, so it could not be interrupted. */
static int handle_error(lua_State *L)
{
    if (vm_of(L)->ended)
        return 1;
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 1, 1);
    return 1;
}

static int base_xpcall(lua_State *L)
{
    luaL_checkany(L, 2);
    lua_settop(L, 2);
    lua_pushcclosure(L, handle_error, 1);
    lua_insert(L, 1);
    int failed = lua_pcall(L, 0, LUA_MULTRET, 1);
    vm_check_ended(L);
    lua_pushboolean(L, !failed);
    lua_replace(L, 1);
    return lua_gettop(L);
}

/* Lua's own computes the length of the range as an int, which may overflow. */
static int base_unpack(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    int64_t from = luaL_optint(L, 2, 1);
    int64_t to = lua_isnoneornil(L, 3) ? (int64_t)lua_objlen(L, 1) : luaL_checkint(L, 3);
    int64_t n = to - from + 1;
    if (n <= 0)
        return 0;
    if (n > INT32_MAX || !lua_checkstack(L, (int)n))
        return luaL_error(L, "too many results to unpack");
    for (int64_t i = from; i <= to; i++)
        lua_rawgeti(L, 1, (int)i);
    return (int)n;
}

static void open_base(lua_State *L)
{
    static const char *const gone[] = {"dofile",   "loadfile", "print",   "require", "module",
                                       "newproxy", "getfenv",  "setfenv", "_G",      NULL};
    lua_pushcfunction(L, luaopen_base);
    lua_call(L, 0, 0);
    for (const char *const *name = gone; *name; name++) {
        lua_pushnil(L);
        lua_setglobal(L, *name);
    }
    lua_pushvalue(L, LUA_GLOBALSINDEX);
    set_function(L, "rawset", base_rawset);
    set_function(L, "rawget", base_rawget);
    set_function(L, "setmetatable", base_setmetatable);
    set_function(L, "pcall", base_pcall);
    set_function(L, "xpcall", base_xpcall);
    set_function(L, "unpack", base_unpack);
    set_function(L, "loadstring", base_loadstring);
    set_function(L, "load", base_load);
    set_function(L, "collectgarbage", base_collectgarbage);
    set_function(L, "gcinfo", base_gcinfo);
    lua_pop(L, 1);
}

static void open_table(lua_State *L)
{
    lua_pushcfunction(L, luaopen_table);
    lua_call(L, 0, 1);
    table_lib_open(L, refuse_face);
    lua_pop(L, 1);
}

static void open_string(lua_State *L)
{
    lua_pushcfunction(L, luaopen_string);
    lua_call(L, 0, 1);
    text_lib_open(L);
    lua_pushnil(L);
    lua_setfield(L, -2, "dump");
    lua_pop(L, 1);
    /* String methods use the real table; the metatable is hidden. */
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
}

static void open_math(lua_State *L)
{
    lua_pushcfunction(L, luaopen_math);
    lua_call(L, 0, 1);
    set_function(L, "random", math_random);
    set_function(L, "randomseed", math_randomseed);
    lua_getfield(L, -1, "fmod");
    lua_setfield(L, -2, "mod");
    lua_pop(L, 1);
}

static void open_others(lua_State *L, void (*redis_lib)(lua_State *L))
{
    coroutine_lib_open(L);
    lua_setglobal(L, "coroutine");
    bit_lib_open(L);
    lua_setglobal(L, "bit");
    json_lib_open(L);
    lua_setglobal(L, "cjson");
    msgpack_lib_open(L);
    lua_setglobal(L, "cmsgpack");
    struct_lib_open(L);
    lua_setglobal(L, "struct");
    redis_lib(L);
    lua_setglobal(L, "redis");
}

void sandbox_open(lua_State *L, void (*redis_lib)(lua_State *L))
{
    static const char *const libraries[] = {"string", "table",    "math",   "coroutine", "bit",
                                            "cjson",  "cmsgpack", "struct", "redis",     NULL};
    open_base(L);
    open_table(L);
    open_string(L);
    open_math(L);
    open_others(L, redis_lib);
    /* pairs and next read the real tables of faces. */
    lua_getglobal(L, "next");
    lua_pushcfunction(L, base_next);
    lua_pushcclosure(L, base_pairs, 2);
    lua_setglobal(L, "pairs");
    lua_pushcfunction(L, base_next);
    lua_setglobal(L, "next");
    for (const char *const *name = libraries; *name; name++) {
        lua_getglobal(L, *name);
        protect(L);
        lua_setglobal(L, *name);
    }
    /* The globals: unknown names raise, and code sees a face. */
    lua_pushvalue(L, LUA_GLOBALSINDEX);
    lua_pushlightuserdata(L, (void *)(uintptr_t)&globals_key);
    lua_pushvalue(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
    lua_newtable(L);
    lua_pushcfunction(L, refuse_unknown);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    protect(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "_G");
    lua_replace(L, LUA_GLOBALSINDEX);
    lua_pop(L, 1);
}

void sandbox_set_global(lua_State *L, const char *name)
{
    lua_pushlightuserdata(L, (void *)(uintptr_t)&globals_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    lua_insert(L, -2);
    lua_pushstring(L, name);
    lua_insert(L, -2);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

int sandbox_on_error(lua_State *L)
{
    lua_Debug ar = {0};
    bool placed = false;
    for (int level = 1; !placed && lua_getstack(L, level, &ar); level++)
        placed = lua_getinfo(L, "Sl", &ar) && ar.currentline > 0;
    if (!lua_istable(L, 1)) {
        lua_createtable(L, 0, 3);
        lua_pushliteral(L, "ERR ");
        if (lua_type(L, 1) == LUA_TSTRING || lua_type(L, 1) == LUA_TNUMBER)
            lua_pushvalue(L, 1);
        else if (lua_type(L, 1) == LUA_TBOOLEAN)
            lua_pushstring(L, lua_toboolean(L, 1) ? "true" : "false");
        else
            lua_pushstring(L, luaL_typename(L, 1));
        lua_concat(L, 2);
        lua_setfield(L, -2, "err");
        lua_replace(L, 1);
    } else if (push_real(L, 1)) {
        lua_pop(L, 1);
        return 1;
    }
    if (placed) {
        lua_pushliteral(L, "source");
        lua_pushstring(L, ar.source);
        lua_rawset(L, 1);
        lua_pushliteral(L, "line");
        lua_pushinteger(L, ar.currentline);
        lua_rawset(L, 1);
    }
    lua_settop(L, 1);
    return 1;
}
