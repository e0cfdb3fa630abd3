#include "script/bit_lib.h"

#include <lauxlib.h>
#include <stdint.h>
#include <string.h>

/* A number modulo 2^32, rounded half to even. Beyond 2^51 the result is meaningless, but defined.
 */
static uint32_t argument(lua_State *L, int i)
{
    double v = luaL_checknumber(L, i) + 6755399441055744.0; /* 2^52 + 2^51 */
    uint64_t bits;
    memcpy(&bits, &v, sizeof(bits));
    return (uint32_t)bits;
}

static int result(lua_State *L, uint32_t x)
{
    lua_pushnumber(L, (double)(int32_t)x);
    return 1;
}

static int bit_tobit(lua_State *L)
{
    return result(L, argument(L, 1));
}

static int bit_bnot(lua_State *L)
{
    return result(L, ~argument(L, 1));
}

static int bit_band(lua_State *L)
{
    uint32_t x = argument(L, 1);
    for (int i = lua_gettop(L); i > 1; i--)
        x &= argument(L, i);
    return result(L, x);
}

static int bit_bor(lua_State *L)
{
    uint32_t x = argument(L, 1);
    for (int i = lua_gettop(L); i > 1; i--)
        x |= argument(L, i);
    return result(L, x);
}

static int bit_bxor(lua_State *L)
{
    uint32_t x = argument(L, 1);
    for (int i = lua_gettop(L); i > 1; i--)
        x ^= argument(L, i);
    return result(L, x);
}

static int bit_lshift(lua_State *L)
{
    uint32_t x = argument(L, 1);
    return result(L, x << (argument(L, 2) & 31));
}

static int bit_rshift(lua_State *L)
{
    uint32_t x = argument(L, 1);
    return result(L, x >> (argument(L, 2) & 31));
}

static int bit_arshift(lua_State *L)
{
    uint32_t x = argument(L, 1), n = argument(L, 2) & 31;
    return result(L, x >> n | (x >> 31 && n ? ~(UINT32_MAX >> n) : 0));
}

static uint32_t rotated(uint32_t x, uint32_t n)
{
    n &= 31;
    return n ? x << n | x >> (32 - n) : x;
}

static int bit_rol(lua_State *L)
{
    uint32_t x = argument(L, 1);
    return result(L, rotated(x, argument(L, 2)));
}

static int bit_ror(lua_State *L)
{
    uint32_t x = argument(L, 1);
    return result(L, rotated(x, 0 - argument(L, 2)));
}

static int bit_bswap(lua_State *L)
{
    return result(L, __builtin_bswap32(argument(L, 1)));
}

/* At most eight digits, as requested; in capital letters if the argument is negative. */
static int bit_tohex(lua_State *L)
{
    uint32_t x = argument(L, 1);
    int32_t n = lua_isnone(L, 2) ? 8 : (int32_t)argument(L, 2);
    const char *digits = n < 0 ? "0123456789ABCDEF" : "0123456789abcdef";
    if (n < 0)
        n = n < -8 ? 8 : -n;
    n = n > 8 ? 8 : n;
    char text[8];
    for (int32_t i = n; i-- > 0; x >>= 4)
        text[i] = digits[x & 15];
    lua_pushlstring(L, text, (size_t)n);
    return 1;
}

void bit_lib_open(lua_State *L)
{
    static const luaL_Reg functions[] = {{"tobit", bit_tobit},
                                         {"bnot", bit_bnot},
                                         {"band", bit_band},
                                         {"bor", bit_bor},
                                         {"bxor", bit_bxor},
                                         {"lshift", bit_lshift},
                                         {"rshift", bit_rshift},
                                         {"arshift", bit_arshift},
                                         {"rol", bit_rol},
                                         {"ror", bit_ror},
                                         {"bswap", bit_bswap},
                                         {"tohex", bit_tohex},
                                         {NULL, NULL}};
    lua_newtable(L);
    for (const luaL_Reg *f = functions; f->name; f++) {
        lua_pushcfunction(L, f->func);
        lua_setfield(L, -2, f->name);
    }
}
