#include "script/json_lib.h"

#include "script/json_decode.h"
#include "script/json_encode.h"

#include <lauxlib.h>
#include <stdint.h>
#include <stdio.h>

struct options { /* of one library table: cjson, or one from cjson.new() */
    struct json_encode_options encode;
    struct json_decode_options decode;
    bool keep_buffer; /* stored for scripts that set it; has no effect */
};

static struct options *options_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

static int do_encode(lua_State *L)
{
    luaL_argcheck(L, lua_gettop(L) == 1, 1, "expected 1 argument");
    json_encode(L, &options_of(L)->encode);
    return 1;
}

static int do_decode(lua_State *L)
{
    luaL_argcheck(L, lua_gettop(L) == 1, 1, "expected 1 argument");
    luaL_checkstring(L, 1);
    json_decode(L, &options_of(L)->decode);
    return 1;
}

/* ---- Options: each function sets what it is given and answers what holds */

static int int_option(lua_State *L, int arg, int *field, int least, int most)
{
    if (!lua_isnoneornil(L, arg)) {
        lua_Integer v = luaL_checkinteger(L, arg);
        if (v < least || v > most) {
            char why[64];
            snprintf(why, sizeof(why), "expected integer between %d and %d", least, most);
            luaL_argerror(L, arg, why);
        }
        *field = (int)v;
    }
    lua_pushinteger(L, *field);
    return 1;
}

static int bool_option(lua_State *L, int arg, bool *field)
{
    if (!lua_isnoneornil(L, arg)) {
        luaL_checktype(L, arg, LUA_TBOOLEAN);
        *field = lua_toboolean(L, arg);
    }
    lua_pushboolean(L, *field);
    return 1;
}

static int do_encode_max_depth(lua_State *L)
{
    return int_option(L, 1, &options_of(L)->encode.depth, 1, INT32_MAX);
}

static int do_decode_max_depth(lua_State *L)
{
    return int_option(L, 1, &options_of(L)->decode.depth, 1, INT32_MAX);
}

static int do_encode_number_precision(lua_State *L)
{
    return int_option(L, 1, &options_of(L)->encode.precision, 1, 14);
}

static int do_encode_keep_buffer(lua_State *L)
{
    return bool_option(L, 1, &options_of(L)->keep_buffer);
}

static int do_encode_sparse_array(lua_State *L)
{
    struct options *o = options_of(L);
    lua_settop(L, 3);
    bool_option(L, 1, &o->encode.sparse_convert);
    int_option(L, 2, &o->encode.sparse_ratio, 0, INT32_MAX);
    int_option(L, 3, &o->encode.sparse_safe, 0, INT32_MAX);
    return 3;
}

static int do_encode_invalid_numbers(lua_State *L)
{
    static const char *const words[] = {"off", "on", "null", NULL};
    struct options *o = options_of(L);
    if (lua_isboolean(L, 1))
        o->encode.invalid = lua_toboolean(L, 1);
    else if (!lua_isnoneornil(L, 1))
        o->encode.invalid = luaL_checkoption(L, 1, NULL, words);
    if (o->encode.invalid == JSON_ENCODE_INVALID_NULL)
        lua_pushliteral(L, "null");
    else
        lua_pushboolean(L, o->encode.invalid);
    return 1;
}

static int do_decode_invalid_numbers(lua_State *L)
{
    return bool_option(L, 1, &options_of(L)->decode.invalid);
}

static int do_new(lua_State *L)
{
    json_lib_open(L);
    return 1;
}

void json_lib_open(lua_State *L)
{
    static const luaL_Reg functions[] = {{"encode", do_encode},
                                         {"decode", do_decode},
                                         {"encode_sparse_array", do_encode_sparse_array},
                                         {"encode_max_depth", do_encode_max_depth},
                                         {"decode_max_depth", do_decode_max_depth},
                                         {"encode_number_precision", do_encode_number_precision},
                                         {"encode_keep_buffer", do_encode_keep_buffer},
                                         {"encode_invalid_numbers", do_encode_invalid_numbers},
                                         {"decode_invalid_numbers", do_decode_invalid_numbers},
                                         {"new", do_new},
                                         {NULL, NULL}};
    lua_newtable(L);
    struct options *o = lua_newuserdata(L, sizeof(*o));
    *o = (struct options){
        .encode = {.depth = 1000, .sparse_ratio = 2, .sparse_safe = 10, .precision = 14},
        .decode = {.depth = 1000, .invalid = true},
        .keep_buffer = true};
    for (const luaL_Reg *f = functions; f->name; f++) {
        lua_pushvalue(L, -1);
        lua_pushcclosure(L, f->func, 1);
        lua_setfield(L, -3, f->name);
    }
    lua_pop(L, 1);
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    lua_pushliteral(L, "cjson");
    lua_setfield(L, -2, "_NAME");
    lua_pushliteral(L, "2.1.0");
    lua_setfield(L, -2, "_VERSION");
}
