/* Values between the protocol and Lua.
 *
 * Reply to Lua (convert_to_lua): the bytes come from our own reply writer, so they are well-formed
 * and complete; nothing is checked but the nesting. RESP2 types become plain values (null: false,
 * status and error: a table with ok or err); RESP3 types become tables with one field that names
 * the type (map, set, double, big_number, verbatim_string). Attributes are skipped.
 *
 * Lua to reply (convert_to_reply): the same tables in reverse; err is checked before ok and the
 * others, any other table is an array up to its first nil. Numbers are truncated to integers.
 *
 * What can fail: a table may nest endlessly, contain itself, or contain a long string many times.
 * Depth is bounded by NESTING_MOST, the output by the caller's limit, and time by vm_poll() at
 * every table. All of these raise a Lua error and leave an incomplete reply in the output: the
 * caller writes tables to a separate chain and moves it when complete (script/invoke.c). */
#include "script/convert.h"

#include "base/assert.h"
#include "script/vm.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#define NESTING_MOST 1000 /* nesting of values in a reply */

/* ---- Replies to Lua: the bytes are our own and well-formed */

static const char *line_end(const char *p)
{
    return strchr(p, '\r'); /* every header has a CR */
}

static const char *push_one(lua_State *L, const char *p);

/* Replaces the value on top by a table with it as its only field. */
static void wrap(lua_State *L, const char *field)
{
    lua_createtable(L, 0, 1);
    lua_insert(L, -2);
    lua_setfield(L, -2, field);
}

static const char *push_members(lua_State *L, const char *p, long n, char kind)
{
    lua_createtable(L, kind == '*' ? (int)n : 0, kind == '*' ? 0 : (int)n);
    for (long i = 1; i <= n; i++) {
        vm_poll(L);
        p = push_one(L, p);
        if (kind == '*') {
            lua_rawseti(L, -2, (int)i);
            continue;
        }
        if (kind == '%')
            p = push_one(L, p);
        else
            lua_pushboolean(L, 1);
        if (lua_isnil(L, -2))
            lua_pop(L, 2); /* nil cannot be a key */
        else
            lua_rawset(L, -3);
    }
    if (kind == '%')
        wrap(L, "map");
    else if (kind == '~')
        wrap(L, "set");
    return p;
}

/* Pushes a string: its length is at p, its bytes at text. verbatim: they begin with a format such
 * as "txt:". */
static const char *push_bulk(lua_State *L, const char *p, const char *text, bool verbatim)
{
    long n = strtol(p, NULL, 10);
    if (n < 0) {
        lua_pushboolean(L, 0);
        return text;
    }
    if (!verbatim) {
        lua_pushlstring(L, text, (size_t)n);
    } else {
        ASSERT(n >= 4);
        lua_createtable(L, 0, 2);
        lua_pushlstring(L, text, 3);
        lua_setfield(L, -2, "format");
        lua_pushlstring(L, text + 4, (size_t)n - 4);
        lua_setfield(L, -2, "string");
        wrap(L, "verbatim_string");
    }
    return text + n + 2;
}

/* Scripts do not see attributes. */
static const char *skip_attributes(lua_State *L, const char *p, long n)
{
    for (long i = 0; i < 2 * n; i++) {
        p = push_one(L, p);
        lua_pop(L, 1);
    }
    return p;
}

static const char *push_one(lua_State *L, const char *p)
{
    luaL_checkstack(L, 4, "a reply is nested too deeply");
    char kind = *p++;
    const char *end = line_end(p);
    size_t n = (size_t)(end - p);
    long count;
    switch (kind) {
    case ':':
        lua_pushnumber(L, (double)strtoll(p, NULL, 10));
        return end + 2;
    case '$':
    case '=':
        return push_bulk(L, p, end + 2, kind == '=');
    case '+':
        lua_pushlstring(L, p, n);
        wrap(L, "ok");
        return end + 2;
    case '-':
        lua_createtable(L, 0, 2);
        lua_pushlstring(L, p, n);
        lua_setfield(L, -2, "err");
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, "ignore_error_stats_update");
        return end + 2;
    case '*':
    case '%':
    case '~':
    case '>':
        count = strtol(p, NULL, 10);
        if (count < 0) {
            lua_pushboolean(L, 0);
            return end + 2;
        }
        return push_members(L, end + 2, count, kind == '>' ? '*' : kind);
    case '_':
        lua_pushnil(L);
        return end + 2;
    case '#':
        lua_pushboolean(L, *p == 't');
        return end + 2;
    case ',':
        lua_pushnumber(L, strtod(p, NULL));
        wrap(L, "double");
        return end + 2;
    case '(':
        lua_pushlstring(L, p, n);
        wrap(L, "big_number");
        return end + 2;
    case '|':
        return push_one(L, skip_attributes(L, end + 2, strtol(p, NULL, 10)));
    default:
        UNREACHABLE(); /* there are no other types */
    }
}

void convert_to_lua(lua_State *L, struct bytes reply)
{
    push_one(L, reply.p);
}

/* ---- Lua to replies */

static bool field(lua_State *L, const char *name, int type)
{
    lua_pushstring(L, name);
    lua_rawget(L, -2);
    if (lua_type(L, -1) == type)
        return true;
    lua_pop(L, 1);
    return false;
}

static struct bytes text_on_top(lua_State *L)
{
    size_t n;
    const char *p = lua_tolstring(L, -1, &n);
    return bytes_of(p, n);
}

static void reply_status_bytes(struct reply *r, struct bytes text)
{
    text.n = strnlen(text.p, text.n); /* a status ends at a NUL */
    reply_raw(r, BYTES("+"));
    char *to = chain_reserve(r->out, text.n + 2);
    for (size_t i = 0; i < text.n; i++)
        to[i] = text.p[i] == '\r' || text.p[i] == '\n' ? ' ' : text.p[i];
    memcpy(to + text.n, "\r\n", 2);
    chain_commit(r->out, text.n + 2);
}

struct writer {
    lua_State *L;
    struct reply *r;
    bool resp3;
    uint64_t most; /* the last permitted position of the output */
};

static void write_value(struct writer *w, int depth);

static void fail(lua_State *L, const char *text)
{
    lua_createtable(L, 0, 1);
    lua_pushstring(L, text);
    lua_setfield(L, -2, "err");
    lua_error(L);
}

static size_t pairs_of(lua_State *L)
{
    size_t n = 0;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        n++;
    return n;
}

static void write_pairs(struct writer *w, bool map, int depth)
{
    lua_State *L = w->L;
    size_t n = pairs_of(L);
    if (map)
        reply_map(w->r, n);
    else
        reply_set(w->r, n);
    for (lua_pushnil(L); lua_next(L, -2);) {
        lua_pushvalue(L, -2);
        write_value(w, depth);
        if (map)
            write_value(w, depth);
        else
            lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static void write_array(struct writer *w, int depth)
{
    lua_State *L = w->L;
    size_t n = 0;
    for (;; n++) {
        lua_rawgeti(L, -1, (int)n + 1);
        bool end = lua_isnil(L, -1);
        lua_pop(L, 1);
        if (end)
            break;
    }
    reply_array(w->r, n);
    for (size_t i = 1; i <= n; i++) {
        lua_rawgeti(L, -1, (int)i);
        /* Also bounds an array of many references to one long string. */
        if (chain_end(w->r->out) > w->most)
            fail(L, "ERR the script's reply is larger than script-memory-limit");
        write_value(w, depth);
    }
}

/* Writes the table with format and string on top. */
static void write_verbatim(lua_State *L, struct reply *r)
{
    if (field(L, "format", LUA_TSTRING)) {
        char kind[4] = "txt";
        struct bytes format = text_on_top(L);
        for (size_t i = 0; i < 3 && i < format.n; i++)
            kind[i] = format.p[i] < ' ' ? ' ' : format.p[i];
        lua_pop(L, 1);
        if (field(L, "string", LUA_TSTRING)) {
            reply_verbatim(r, kind, text_on_top(L));
            lua_pop(L, 2);
            return;
        }
    }
    lua_pop(L, 1);
    reply_null(r);
}

static void write_table(struct writer *w, int depth)
{
    lua_State *L = w->L;
    struct reply *r = w->r;
    if (depth > NESTING_MOST || !lua_checkstack(L, 8))
        fail(L, "ERR reached lua stack limit");
    if (field(L, "err", LUA_TSTRING)) {
        reply_error_bytes(r, text_on_top(L));
        lua_pop(L, 1);
    } else if (field(L, "ok", LUA_TSTRING)) {
        reply_status_bytes(r, text_on_top(L));
        lua_pop(L, 1);
    } else if (field(L, "double", LUA_TNUMBER)) {
        reply_double(r, lua_tonumber(L, -1));
        lua_pop(L, 1);
    } else if (field(L, "map", LUA_TTABLE)) {
        write_pairs(w, true, depth);
    } else if (field(L, "set", LUA_TTABLE)) {
        write_pairs(w, false, depth);
    } else if (field(L, "big_number", LUA_TSTRING)) {
        char digits[512];
        struct bytes text = text_on_top(L);
        size_t n = text.n < sizeof(digits) ? text.n : sizeof(digits);
        for (size_t i = 0; i < n; i++)
            digits[i] = text.p[i] == '\r' || text.p[i] == '\n' ? ' ' : text.p[i];
        reply_bignum(r, bytes_of(digits, n));
        lua_pop(L, 1);
    } else if (field(L, "verbatim_string", LUA_TTABLE)) {
        write_verbatim(L, r);
    } else {
        write_array(w, depth);
    }
}

static void write_value(struct writer *w, int depth)
{
    lua_State *L = w->L;
    switch (lua_type(L, -1)) {
    case LUA_TSTRING:
        reply_bulk(w->r, text_on_top(L));
        break;
    case LUA_TNUMBER: {
        double v = lua_tonumber(L, -1);
        /* Numbers out of range become what the CPU makes of them, as in Redis on x86. */
        reply_int(w->r, v >= -9223372036854775808.0 && v < 9223372036854775808.0 ? (long long)v
                                                                                 : INT64_MIN);
        break;
    }
    case LUA_TBOOLEAN:
        if (w->resp3)
            reply_bool(w->r, lua_toboolean(L, -1));
        else if (lua_toboolean(L, -1))
            reply_int(w->r, 1);
        else
            reply_null(w->r);
        break;
    case LUA_TTABLE:
        vm_poll(L);
        if (chain_end(w->r->out) > w->most)
            fail(L, "ERR the script's reply is larger than script-memory-limit");
        write_table(w, depth + 1);
        break;
    default:
        reply_null(w->r);
    }
    lua_pop(L, 1);
}

void convert_to_reply(lua_State *L, struct reply *r, bool resp3, size_t most)
{
    struct writer w = {L, r, resp3, most ? chain_end(r->out) + most : UINT64_MAX};
    write_value(&w, 0);
}
