#include "script/json_encode.h"

#include "base/num.h"
#include "script/vm.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define DEPTH_MOST 4000 /* levels that fit C's stack */

/* The output: a userdata at a fixed stack index, replaced by a larger one when full. */
struct output {
    lua_State *L;
    const struct json_encode_options *o;
    int at;
    char *p;
    size_t n, cap;
};

static char *room(struct output *w, size_t n)
{
    if (w->cap - w->n < n) {
        size_t cap = w->cap ? w->cap * 2 : 512;
        while (cap - w->n < n)
            cap *= 2;
        vm_reserve(w->L, cap);
        char *wider = lua_newuserdata(w->L, cap);
        memcpy(wider, w->p ? w->p : "", w->n);
        lua_replace(w->L, w->at);
        w->p = wider;
        w->cap = cap;
    }
    return w->p + w->n;
}

static void add(struct output *w, const char *text, size_t n)
{
    memcpy(room(w, n), text, n);
    w->n += n;
}

#define ADD(w, literal) add(w, literal, sizeof(literal) - 1)

static void add_string(struct output *w, int index)
{
    static const char digits[] = "0123456789abcdef";
    size_t n;
    const char *s = lua_tolstring(w->L, index, &n);
    char *to = room(w, n * 6 + 2), *start = to;
    *to++ = '"';
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        char e = 0;
        switch (c) {
        case '"':
        case '\\':
        case '/':
            e = (char)c;
            break;
        case '\b':
            e = 'b';
            break;
        case '\t':
            e = 't';
            break;
        case '\n':
            e = 'n';
            break;
        case '\f':
            e = 'f';
            break;
        case '\r':
            e = 'r';
            break;
        default:
            if (c >= 32 && c != 127) {
                *to++ = (char)c;
                continue;
            }
            memcpy(to, "\\u00", 4);
            to[4] = digits[c >> 4];
            to[5] = digits[c & 15];
            to += 6;
            continue;
        }
        *to++ = '\\';
        *to++ = e;
    }
    *to++ = '"';
    w->n += (size_t)(to - start);
}

static void refuse(struct output *w, int index, const char *why)
{
    luaL_error(w->L, "Cannot serialise %s: %s", luaL_typename(w->L, index), why);
}

static void add_number(struct output *w, int index)
{
    double v = lua_tonumber(w->L, index);
    if (!isfinite(v)) {
        if (w->o->invalid == JSON_ENCODE_INVALID_REFUSED)
            refuse(w, index, "must not be NaN or Inf");
        if (w->o->invalid == JSON_ENCODE_INVALID_NULL) {
            ADD(w, "null");
            return;
        }
        /* As in lua-cjson. */
        if (isnan(v))
            ADD(w, "nan");
        else if (v > 0)
            ADD(w, "inf");
        else
            ADD(w, "-inf");
        return;
    }
    char *to = room(w, 64);
    if (w->o->precision == 14 && fabs(v) < 1e14 && v == (double)(long long)v &&
        !(v == 0 && signbit(v)))
        w->n += num_print_int(to, (long long)v);
    else
        w->n += (size_t)snprintf(to, 64, "%.*g", w->o->precision, v);
}

/* The length of the table on top as an array; -1: an object. */
static long array_length(struct output *w)
{
    lua_State *L = w->L;
    double most = 0;
    long items = 0;
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        double k = lua_type(L, -2) == LUA_TNUMBER ? lua_tonumber(L, -2) : 0;
        if (!(k >= 1 && k == floor(k) && k <= 2147483647.0)) {
            lua_pop(L, 2);
            return -1;
        }
        most = k > most ? k : most;
        items++;
        lua_pop(L, 1);
    }
    if (w->o->sparse_ratio > 0 && most > (double)items * w->o->sparse_ratio &&
        most > w->o->sparse_safe) {
        if (!w->o->sparse_convert)
            refuse(w, -1, "excessively sparse array");
        return -1;
    }
    return (long)most;
}

static void add_value(struct output *w, int depth);

static void check_depth(struct output *w, int depth)
{
    if (depth > w->o->depth || depth > DEPTH_MOST || !lua_checkstack(w->L, 6))
        luaL_error(w->L, "Cannot serialise, excessive nesting (%d)", depth);
}

static void add_table(struct output *w, int depth)
{
    lua_State *L = w->L;
    check_depth(w, depth);
    long n = array_length(w);
    if (n > 0) {
        ADD(w, "[");
        for (long i = 1; i <= n; i++) {
            if (i > 1)
                ADD(w, ",");
            lua_rawgeti(L, -1, (int)i);
            add_value(w, depth);
            lua_pop(L, 1);
        }
        ADD(w, "]");
        return;
    }
    bool first = true;
    ADD(w, "{");
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (!first)
            ADD(w, ",");
        first = false;
        if (lua_type(L, -2) == LUA_TNUMBER) {
            ADD(w, "\"");
            add_number(w, -2);
            ADD(w, "\":");
        } else if (lua_type(L, -2) == LUA_TSTRING) {
            add_string(w, -2);
            ADD(w, ":");
        } else {
            refuse(w, -2, "table key must be a number or string");
        }
        add_value(w, depth);
        lua_pop(L, 1);
    }
    ADD(w, "}");
}

/* Appends the value on top of the stack. */
static void add_value(struct output *w, int depth)
{
    lua_State *L = w->L;
    vm_poll(L);
    switch (lua_type(L, -1)) {
    case LUA_TSTRING:
        add_string(w, -1);
        break;
    case LUA_TNUMBER:
        add_number(w, -1);
        break;
    case LUA_TBOOLEAN:
        if (lua_toboolean(L, -1))
            ADD(w, "true");
        else
            ADD(w, "false");
        break;
    case LUA_TTABLE:
        add_table(w, depth + 1);
        break;
    case LUA_TNIL:
        ADD(w, "null");
        break;
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(L, -1) == NULL) {
            ADD(w, "null");
            break;
        }
        /* fall through */
    default:
        refuse(w, -1, "type not supported");
    }
}

void json_encode(lua_State *L, const struct json_encode_options *o)
{
    lua_pushnil(L);
    lua_insert(L, 1); /* the slot of the output */
    struct output w = {.L = L, .o = o, .at = 1};
    add_value(&w, 0);
    lua_pushlstring(L, w.p ? w.p : "", w.n);
}
