#include "script/table_lib.h"

#include "script/vm.h"

static void (*refuse_readonly)(lua_State *L, int index);

/* The length of the table at 1, after checking that it may be written. */
static int length_to_write(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    refuse_readonly(L, 1);
    return (int)lua_objlen(L, 1);
}

static int table_insert(lua_State *L)
{
    int64_t end = (int64_t)length_to_write(L) + 1, at = end;
    switch (lua_gettop(L)) {
    case 2:
        break;
    case 3:
        at = luaL_checkint(L, 2);
        if (at > end)
            end = at;
        for (int64_t i = end; i > at; i--) {
            vm_poll(L);
            lua_rawgeti(L, 1, (int)(i - 1));
            lua_rawseti(L, 1, (int)i);
        }
        break;
    default:
        return luaL_error(L, "wrong number of arguments to 'insert'");
    }
    lua_rawseti(L, 1, (int)at);
    return 0;
}

static int table_remove(lua_State *L)
{
    int end = length_to_write(L), at = luaL_optint(L, 2, end);
    if (at < 1 || at > end)
        return 0;
    lua_rawgeti(L, 1, at);
    for (; at < end; at++) {
        vm_poll(L);
        lua_rawgeti(L, 1, at + 1);
        lua_rawseti(L, 1, at);
    }
    lua_pushnil(L);
    lua_rawseti(L, 1, end);
    return 1;
}

static int table_setn(lua_State *L)
{
    return luaL_error(L, "'setn' is obsolete");
}

static int table_foreachi(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    int n = (int)lua_objlen(L, 1);
    for (int i = 1; i <= n; i++) {
        vm_poll(L);
        lua_pushvalue(L, 2);
        lua_pushinteger(L, i);
        lua_rawgeti(L, 1, i);
        lua_call(L, 2, 1);
        if (!lua_isnil(L, -1))
            return 1;
        lua_pop(L, 1);
    }
    return 0;
}

static int table_foreach(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    for (lua_pushnil(L); lua_next(L, 1);) {
        vm_poll(L);
        lua_pushvalue(L, 2);
        lua_pushvalue(L, -3);
        lua_pushvalue(L, -3);
        lua_call(L, 2, 1);
        if (!lua_isnil(L, -1))
            return 1;
        lua_pop(L, 2);
    }
    return 0;
}

/* ---- sort: the steps of Lua 5.1's quicksort, so that elements that compare equal come out in the
 * same order. The table is at 1, the comparison (or nil) at 2. */

/* Whether the value at a comes before the one at b (both counted from the top). */
static bool before(lua_State *L, int a, int b)
{
    vm_poll(L);
    if (lua_isnil(L, 2))
        return lua_lessthan(L, a, b);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, a - 1);
    lua_pushvalue(L, b - 2);
    lua_call(L, 2, 1);
    bool result = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return result;
}

/* Stores the two values on top as elements i (the topmost) and j. */
static void put_two(lua_State *L, int i, int j)
{
    lua_rawseti(L, 1, i);
    lua_rawseti(L, 1, j);
}

/* Exchanges elements i and j if j comes before i. */
static void order_two(lua_State *L, int i, int j)
{
    lua_rawgeti(L, 1, i);
    lua_rawgeti(L, 1, j);
    if (before(L, -1, -2))
        put_two(L, i, j);
    else
        lua_pop(L, 2);
}

/* Partitions low..high by the pivot, which is on top and at high - 1; returns its final index. */
static int partition(lua_State *L, int low, int high)
{
    int i = low, j = high - 1;
    for (;;) {
        while (lua_rawgeti(L, 1, ++i), before(L, -1, -2)) {
            if (i > high)
                luaL_error(L, "invalid order function for sorting");
            lua_pop(L, 1);
        }
        while (lua_rawgeti(L, 1, --j), before(L, -3, -1)) {
            if (j < low)
                luaL_error(L, "invalid order function for sorting");
            lua_pop(L, 1);
        }
        if (j < i)
            break;
        put_two(L, i, j);
    }
    lua_pop(L, 3);
    lua_rawgeti(L, 1, high - 1);
    lua_rawgeti(L, 1, i);
    put_two(L, high - 1, i);
    return i;
}

static void sort_range(lua_State *L, int low, int high)
{
    luaL_checkstack(L, 8, "");
    while (low < high) {
        order_two(L, low, high);
        if (high - low == 1)
            return;
        int middle = (int)(((int64_t)low + high) / 2);
        lua_rawgeti(L, 1, middle);
        lua_rawgeti(L, 1, low);
        if (before(L, -2, -1)) {
            put_two(L, middle, low);
        } else {
            lua_pop(L, 1);
            lua_rawgeti(L, 1, high);
            if (before(L, -1, -2))
                put_two(L, middle, high);
            else
                lua_pop(L, 2);
        }
        if (high - low == 2)
            return;
        lua_rawgeti(L, 1, middle);
        lua_pushvalue(L, -1);
        lua_rawgeti(L, 1, high - 1);
        put_two(L, middle, high - 1);
        int at = partition(L, low, high);
        /* Recurses into the smaller half, so that the depth stays logarithmic. */
        if (at - low < high - at) {
            sort_range(L, low, at - 1);
            low = at + 1;
        } else {
            sort_range(L, at + 1, high);
            high = at - 1;
        }
    }
}

static int table_sort(lua_State *L)
{
    int n = length_to_write(L);
    luaL_checkstack(L, 40, "");
    if (!lua_isnoneornil(L, 2))
        luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    sort_range(L, 1, n);
    return 0;
}

void table_lib_open(lua_State *L, void (*refuse)(lua_State *L, int index))
{
    static const luaL_Reg functions[] = {{"insert", table_insert},
                                         {"remove", table_remove},
                                         {"setn", table_setn},
                                         {"foreachi", table_foreachi},
                                         {"foreach", table_foreach},
                                         {"sort", table_sort},
                                         {NULL, NULL}};
    refuse_readonly = refuse;
    for (const luaL_Reg *f = functions; f->name; f++) {
        lua_pushcfunction(L, f->func);
        lua_setfield(L, -2, f->name);
    }
}
