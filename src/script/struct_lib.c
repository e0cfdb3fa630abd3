/* struct: C structures as strings, by the rules of the library "struct" in Redis.
 *
 * A format is read option by option. size_of() returns the size of an option's value (and reads the
 * number after it), padding() what alignment adds before it, and control() applies options without
 * a value (byte order, alignment) to the struct layout. pack, unpack and size are three loops over
 * these steps.
 *
 * Integers of any width are written and read byte by byte in either order; floats and doubles are
 * reversed for big endian.
 *
 * What can fail: an unknown option, a width out of range, an argument of the wrong type, truncated
 * data, "c0" without a length before it. All raise a Lua error. vm_poll() at each option allows
 * interrupting a long format. */
#include "script/struct_lib.h"

#include "script/vm.h"

#include <ctype.h>
#include <lauxlib.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MOST_INT     32 /* width of the widest integer in bytes */
#define NATIVE_ALIGN 8

struct layout {
    bool little;
    size_t align;
};

/* Reads a decimal number in the format, else returns fallback. */
static size_t number(lua_State *L, const char **f, size_t fallback)
{
    if (!isdigit((unsigned char)**f))
        return fallback;
    size_t n = 0;
    while (isdigit((unsigned char)**f)) {
        n = n * 10 + (size_t)(*(*f)++ - '0');
        if (n > INT_MAX)
            luaL_error(L, "integral size overflow");
    }
    return n;
}

static size_t int_size(lua_State *L, const char **f)
{
    size_t n = number(L, f, sizeof(int));
    if (n < 1 || n > MOST_INT)
        luaL_error(L, "integral size %d is larger than limit of %d", (int)n, MOST_INT);
    return n;
}

static size_t size_of(lua_State *L, char option, const char **f)
{
    switch (option) {
    case 'b':
    case 'B':
    case 'x':
        return 1;
    case 'h':
    case 'H':
        return sizeof(short);
    case 'l':
    case 'L':
    case 'T':
        return sizeof(long);
    case 'i':
    case 'I':
        return int_size(L, f);
    case 'f':
        return sizeof(float);
    case 'd':
        return sizeof(double);
    case 'c':
        return number(L, f, 1);
    default:
        return 0; /* strings, controls, and unknown options */
    }
}

static size_t padding(size_t n, size_t align, char option, size_t at)
{
    if (n == 0 || option == 'c')
        return 0;
    if (n > align)
        n = align;
    return n > 1 ? (n - (at & (n - 1))) & (n - 1) : 0;
}

/* True: it was a control, not a value. */
static bool control(lua_State *L, char option, const char **f, struct layout *y)
{
    switch (option) {
    case ' ':
        return true;
    case '>':
        y->little = false;
        return true;
    case '<':
        y->little = true;
        return true;
    case '!': {
        size_t a = number(L, f, NATIVE_ALIGN);
        if (a == 0 || (a & (a - 1)))
            luaL_error(L, "alignment %d is not a power of 2", (int)a);
        y->align = a;
        return true;
    }
    default:
        lua_pushfstring(L, "invalid format option '%c'", option);
        luaL_argerror(L, 1, lua_tostring(L, -1));
        return false;
    }
}

static bool is_value(char option)
{
    return option && strchr("bBhHlLTiIfdscx", option) != NULL;
}

static void put(luaL_Buffer *b, const void *p, size_t n, bool little)
{
    const char *c = p;
    for (size_t i = 0; i < n; i++)
        luaL_addchar(b, little ? c[i] : c[n - 1 - i]);
}

static void put_int(luaL_Buffer *b, double v, size_t n, bool little)
{
    /* Clamped, since conversion of a number out of range is undefined behaviour. */
    uint64_t x;
    if (v < 0)
        x = v >= -9223372036854775808.0 ? (uint64_t)(int64_t)v : (uint64_t)INT64_MIN;
    else
        x = v < 18446744073709551616.0 ? (uint64_t)v : UINT64_MAX;
    char bytes[MOST_INT];
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)(i < 8 ? x >> (8 * i) : v < 0 ? 0xff : 0);
    put(b, bytes, n, little);
}

static int do_pack(lua_State *L)
{
    luaL_Buffer b;
    const char *f = luaL_checkstring(L, 1);
    struct layout y = {.little = true, .align = 1};
    int arg = 2;
    size_t total = 0;
    lua_pushnil(L); /* separates the arguments from the buffer's strings */
    luaL_buffinit(L, &b);
    while (*f) {
        vm_poll(L);
        char option = *f++;
        size_t n = size_of(L, option, &f);
        size_t pad = padding(n, y.align, option, total);
        for (size_t i = 0; i < pad; i++)
            luaL_addchar(&b, 0);
        total += pad;
        if (!is_value(option)) {
            control(L, option, &f, &y);
            continue;
        }
        switch (option) {
        case 'x':
            luaL_addchar(&b, 0);
            break;
        case 'f': {
            float v = (float)luaL_checknumber(L, arg++);
            put(&b, &v, sizeof(v), y.little);
            break;
        }
        case 'd': {
            double v = luaL_checknumber(L, arg++);
            put(&b, &v, sizeof(v), y.little);
            break;
        }
        case 'c':
        case 's': {
            size_t have;
            const char *s = luaL_checklstring(L, arg++, &have);
            if (option == 's' || n == 0)
                n = have;
            luaL_argcheck(L, have >= n, arg, "string too short");
            luaL_addlstring(&b, s, n);
            if (option == 's') {
                luaL_addchar(&b, 0);
                n++;
            }
            break;
        }
        default:
            put_int(&b, luaL_checknumber(L, arg++), n, y.little);
        }
        total += n;
    }
    luaL_pushresult(&b);
    return 1;
}

static void push_int(lua_State *L, const char *p, size_t n, bool little, bool is_signed)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n && i < 8; i++)
        v |= (uint64_t)(unsigned char)(little ? p[i] : p[n - 1 - i]) << (8 * i);
    if (!is_signed) {
        lua_pushnumber(L, (double)v);
        return;
    }
    if (n < 8 && v >> (8 * n - 1))
        v |= UINT64_MAX << (8 * n);
    lua_pushnumber(L, (double)(int64_t)v);
}

static double real_at(const char *p, size_t n, bool little)
{
    char raw[sizeof(double)];
    float f;
    double d;
    for (size_t i = 0; i < n; i++)
        raw[i] = p[little ? i : n - 1 - i];
    if (n == sizeof(d)) {
        memcpy(&d, raw, sizeof(d));
        return d;
    }
    memcpy(&f, raw, sizeof(f));
    return (double)f;
}

/* Pushes n of the `have` bytes left at p. n == 0 ("c0"): as many as the previous result says, which
 * is popped. Returns how many. */
static size_t push_chars(lua_State *L, const char *p, size_t n, size_t have, int *results)
{
    if (n == 0) {
        if (*results == 0 || !lua_isnumber(L, -1))
            luaL_error(L, "format 'c0' needs a previous size");
        double wanted = lua_tonumber(L, -1);
        lua_pop(L, 1);
        --*results;
        luaL_argcheck(L, wanted >= 0 && wanted <= (double)have, 2, "data string too short");
        n = (size_t)wanted;
    }
    lua_pushlstring(L, p, n);
    return n;
}

/* Pushes the NUL-terminated string at p; returns its length including the NUL. */
static size_t push_terminated(lua_State *L, const char *p, size_t have)
{
    const char *end = memchr(p, 0, have);
    if (!end)
        luaL_error(L, "unfinished string in data");
    lua_pushlstring(L, p, (size_t)(end - p));
    return (size_t)(end - p) + 1;
}

static int do_unpack(lua_State *L)
{
    const char *f = luaL_checkstring(L, 1);
    size_t have;
    const char *data = luaL_checklstring(L, 2, &have);
    lua_Integer start = luaL_optinteger(L, 3, 1);
    luaL_argcheck(L, start > 0, 3, "offset must be 1 or greater");
    size_t at = (size_t)start - 1;
    struct layout y = {.little = true, .align = 1};
    int results = 0;
    while (*f) {
        vm_poll(L);
        char option = *f++;
        size_t n = size_of(L, option, &f);
        at += padding(n, y.align, option, at);
        luaL_argcheck(L, at <= have && n <= have - at, 2, "data string too short");
        luaL_checkstack(L, 2, "too many results");
        if (!is_value(option)) {
            control(L, option, &f, &y);
            continue;
        }
        switch (option) {
        case 'x':
            at += n;
            continue;
        case 'f':
        case 'd':
            lua_pushnumber(L, real_at(data + at, n, y.little));
            break;
        case 'c':
            n = push_chars(L, data + at, n, have - at, &results);
            break;
        case 's':
            n = push_terminated(L, data + at, have - at);
            break;
        default:
            push_int(L, data + at, n, y.little, islower((unsigned char)option));
        }
        results++;
        at += n;
    }
    lua_pushinteger(L, (lua_Integer)at + 1);
    return results + 1;
}

static int do_size(lua_State *L)
{
    const char *f = luaL_checkstring(L, 1);
    struct layout y = {.little = true, .align = 1};
    size_t total = 0;
    while (*f) {
        vm_poll(L);
        char option = *f++;
        size_t n = size_of(L, option, &f);
        total += padding(n, y.align, option, total);
        if (option == 's')
            luaL_argerror(L, 1, "option 's' has no fixed size");
        if (option == 'c' && n == 0)
            luaL_argerror(L, 1, "option 'c0' has no fixed size");
        if (!is_value(option))
            control(L, option, &f, &y);
        total += n;
        luaL_argcheck(L, total <= INT_MAX, 1, "total length is too large");
    }
    lua_pushinteger(L, (lua_Integer)total);
    return 1;
}

void struct_lib_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"pack", do_pack}, {"unpack", do_unpack}, {"size", do_size}, {NULL, NULL}};
    lua_newtable(L);
    for (const luaL_Reg *f = functions; f->name; f++) {
        lua_pushcfunction(L, f->func);
        lua_setfield(L, -2, f->name);
    }
}
