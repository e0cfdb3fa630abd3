/* MessagePack for scripts, by the rules of lua-cmsgpack.
 *
 * Packing walks the value on top of Lua's stack and writes the shortest form through msgpack-c's
 * packer. A table with the keys 1 to n is an array, any other a map; whole numbers are integers,
 * others a float if that is exact, else a double. Tables below level PACK_DEPTH become nil. The
 * output is a userdata at stack index 1, replaced by one twice as large when full: it counts
 * towards the state's memory limit, and errors leak nothing.
 *
 * Unpacking reads one value at a time from the input (push_next): a first byte that contains the
 * value or length, or a type byte followed by them (push_marked). Every read is bounds-checked.
 *
 * What can fail: truncated input, an unknown type, nil or NaN as a key, too many levels
 * (UNPACK_DEPTH), lack of memory. All raise a Lua error; vm_poll() at each value allows
 * interrupting a long input. */
#include "script/msgpack_lib.h"

#include "script/vm.h"

#include <lauxlib.h>
#include <limits.h>
#include <math.h>
#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define PACK_DEPTH   16
#define UNPACK_DEPTH 1000

/* ---- Packing */

/* The packed bytes, collected in a userdata at the bottom of the stack. */
struct output {
    lua_State *L;
    char *p;
    size_t n, cap;
};

static int put(void *context, const char *bytes, size_t n)
{
    struct output *w = context;
    if (w->cap - w->n < n) {
        size_t cap = w->cap ? w->cap * 2 : 256;
        while (cap - w->n < n)
            cap *= 2;
        vm_reserve(w->L, cap);
        char *wider = lua_newuserdata(w->L, cap);
        memcpy(wider, w->p ? w->p : "", w->n);
        lua_replace(w->L, 1);
        w->p = wider;
        w->cap = cap;
    }
    memcpy(w->p + w->n, bytes, n);
    w->n += n;
    return 0;
}

static void pack_value(struct output *w, msgpack_packer *k, int depth);

/* Whether the table on top has exactly the keys 1..n. */
static bool is_array(lua_State *L, uint32_t *n)
{
    double most = 0;
    uint32_t count = 0;
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pop(L, 1);
        double k = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
        if (!(k >= 1 && k == floor(k) && k <= INT_MAX)) {
            lua_pop(L, 1);
            return false;
        }
        most = k > most ? k : most;
        count++;
    }
    *n = count;
    return most == count;
}

static void pack_table(struct output *w, msgpack_packer *k, int depth)
{
    lua_State *L = w->L;
    uint32_t n;
    luaL_checkstack(L, 5, "in function mp_encode_lua_table");
    if (is_array(L, &n)) {
        msgpack_pack_array(k, n);
        for (uint32_t i = 1; i <= n; i++) {
            lua_rawgeti(L, -1, (int)i);
            pack_value(w, k, depth);
            lua_pop(L, 1);
        }
        return;
    }
    n = 0;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        n++;
    msgpack_pack_map(k, n);
    for (lua_pushnil(L); lua_next(L, -2);) {
        lua_pushvalue(L, -2);
        pack_value(w, k, depth);
        lua_pop(L, 1);
        pack_value(w, k, depth);
        lua_pop(L, 1);
    }
}

static void pack_number(msgpack_packer *k, double v)
{
    if (v == floor(v) && v >= -9223372036854775808.0 && v < 9223372036854775808.0)
        msgpack_pack_int64(k, (int64_t)v);
    else if (v == (double)(float)v)
        msgpack_pack_float(k, (float)v);
    else
        msgpack_pack_double(k, v);
}

static void pack_value(struct output *w, msgpack_packer *k, int depth)
{
    lua_State *L = w->L;
    vm_poll(L);
    int type = lua_type(L, -1);
    if (type == LUA_TTABLE && depth == PACK_DEPTH)
        type = LUA_TNIL;
    switch (type) {
    case LUA_TSTRING: {
        size_t n;
        const char *s = lua_tolstring(L, -1, &n);
        msgpack_pack_str(k, n);
        msgpack_pack_str_body(k, s, n);
        break;
    }
    case LUA_TBOOLEAN:
        if (lua_toboolean(L, -1))
            msgpack_pack_true(k);
        else
            msgpack_pack_false(k);
        break;
    case LUA_TNUMBER:
        pack_number(k, lua_tonumber(L, -1));
        break;
    case LUA_TTABLE:
        pack_table(w, k, depth + 1);
        break;
    default:
        msgpack_pack_nil(k);
    }
}

static int do_pack(lua_State *L)
{
    int n = lua_gettop(L);
    if (n == 0)
        return luaL_argerror(L, 0, "MessagePack pack needs input.");
    luaL_checkstack(L, 8, "Too many arguments for MessagePack pack.");
    lua_pushnil(L);
    lua_insert(L, 1);
    struct output w = {.L = L};
    msgpack_packer k;
    msgpack_packer_init(&k, &w, put);
    for (int i = 1; i <= n; i++) {
        lua_pushvalue(L, i + 1);
        pack_value(&w, &k, 0);
        lua_pop(L, 1);
    }
    lua_pushlstring(L, w.p ? w.p : "", w.n);
    return 1;
}

/* ---- Unpacking */

struct input {
    lua_State *L;
    const unsigned char *p, *end;
    int depth;
};

static void need(struct input *in, size_t n)
{
    if ((size_t)(in->end - in->p) < n)
        luaL_error(in->L, "Missing bytes in input.");
}

static uint64_t take(struct input *in, unsigned n)
{
    uint64_t v = 0;
    need(in, n);
    for (unsigned i = 0; i < n; i++)
        v = v << 8 | *in->p++;
    return v;
}

static void push_next(struct input *in);

static void push_string(struct input *in, uint64_t n)
{
    need(in, (size_t)n);
    lua_pushlstring(in->L, (const char *)in->p, (size_t)n);
    in->p += n;
}

static void descend(struct input *in)
{
    if (++in->depth > UNPACK_DEPTH)
        luaL_error(in->L, "Bad data format in input.");
    luaL_checkstack(in->L, 4, "in function mp_decode_to_lua_hash");
}

static void push_array(struct input *in, uint64_t n)
{
    descend(in);
    lua_newtable(in->L);
    for (uint64_t i = 1; i <= n; i++) {
        push_next(in);
        lua_rawseti(in->L, -2, (int)i);
    }
    in->depth--;
}

static void push_map(struct input *in, uint64_t n)
{
    descend(in);
    lua_newtable(in->L);
    for (uint64_t i = 0; i < n; i++) {
        push_next(in);
        push_next(in);
        if (lua_isnil(in->L, -2) || (lua_isnumber(in->L, -2) && isnan(lua_tonumber(in->L, -2))))
            luaL_error(in->L, "Bad data format in input.");
        lua_settable(in->L, -3);
    }
    in->depth--;
}

static void push_int(struct input *in, unsigned n)
{
    uint64_t v = take(in, n);
    if (n < 8 && v >> (8 * n - 1))
        v |= UINT64_MAX << (8 * n);
    lua_pushnumber(in->L, (double)(int64_t)v);
}

static void push_float(struct input *in)
{
    uint32_t bits = (uint32_t)take(in, 4);
    float v;
    memcpy(&v, &bits, 4);
    lua_pushnumber(in->L, (double)v);
}

static void push_double(struct input *in)
{
    uint64_t bits = take(in, 8);
    double v;
    memcpy(&v, &bits, 8);
    lua_pushnumber(in->L, v);
}

/* Pushes a value whose first byte is only its type. */
static void push_marked(struct input *in, unsigned char c)
{
    switch (c) {
    case 0xc0:
        lua_pushnil(in->L);
        break;
    case 0xc2:
    case 0xc3:
        lua_pushboolean(in->L, c == 0xc3);
        break;
    case 0xc4:
    case 0xd9:
        push_string(in, take(in, 1));
        break;
    case 0xc5:
    case 0xda:
        push_string(in, take(in, 2));
        break;
    case 0xc6:
    case 0xdb:
        push_string(in, take(in, 4));
        break;
    case 0xca:
        push_float(in);
        break;
    case 0xcb:
        push_double(in);
        break;
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
        lua_pushnumber(in->L, (double)take(in, 1u << (c - 0xcc)));
        break;
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
        push_int(in, 1u << (c - 0xd0));
        break;
    case 0xdc:
        push_array(in, take(in, 2));
        break;
    case 0xdd:
        push_array(in, take(in, 4));
        break;
    case 0xde:
        push_map(in, take(in, 2));
        break;
    case 0xdf:
        push_map(in, take(in, 4));
        break;
    default:
        luaL_error(in->L, "Bad data format in input.");
    }
}

static void push_next(struct input *in)
{
    vm_poll(in->L);
    need(in, 1);
    unsigned char c = *in->p++;
    if (c < 0x80) {
        lua_pushnumber(in->L, c);
    } else if (c >= 0xe0) {
        lua_pushnumber(in->L, (signed char)c);
    } else if ((c & 0xe0) == 0xa0) {
        push_string(in, c & 31);
    } else if ((c & 0xf0) == 0x90) {
        push_array(in, c & 15);
    } else if ((c & 0xf0) == 0x80) {
        push_map(in, c & 15);
    } else {
        push_marked(in, c);
    }
}

/* Pushes up to limit values (0: all) from offset on. with_offset: first pushes the offset after
 * them, -1 at the end of the input. */
static int unpack(lua_State *L, lua_Integer limit, lua_Integer offset, bool with_offset)
{
    size_t n;
    const char *text = luaL_checklstring(L, 1, &n);
    if (offset < 0 || limit < 0)
        return luaL_error(L, "Invalid request to unpack with offset of %d and limit of %d.",
                          (int)offset, (int)n);
    if ((size_t)offset > n)
        return luaL_error(L, "Start offset %d greater than input length %d.", (int)offset, (int)n);
    struct input in = {
        .L = L, .p = (const unsigned char *)text + offset, .end = (const unsigned char *)text + n};
    int count = 0;
    if (with_offset)
        lua_pushnil(L);
    int place = lua_gettop(L);
    while (in.p < in.end && (limit == 0 || count < limit)) {
        luaL_checkstack(L, 1, "in function mp_unpack_full");
        push_next(&in);
        count++;
    }
    if (!with_offset)
        return count;
    lua_pushinteger(L, in.p == in.end ? -1 : (lua_Integer)(in.p - (const unsigned char *)text));
    lua_replace(L, place);
    return count + 1;
}

static int do_unpack(lua_State *L)
{
    return unpack(L, 0, 0, false);
}

static int do_unpack_one(lua_State *L)
{
    return unpack(L, 1, luaL_optinteger(L, 2, 0), true);
}

static int do_unpack_limit(lua_State *L)
{
    lua_Integer limit = luaL_checkinteger(L, 2);
    return unpack(L, limit, luaL_optinteger(L, 3, 0), true);
}

void msgpack_lib_open(lua_State *L)
{
    static const luaL_Reg functions[] = {{"pack", do_pack},
                                         {"unpack", do_unpack},
                                         {"unpack_one", do_unpack_one},
                                         {"unpack_limit", do_unpack_limit},
                                         {NULL, NULL}};
    lua_newtable(L);
    for (const luaL_Reg *f = functions; f->name; f++) {
        lua_pushcfunction(L, f->func);
        lua_setfield(L, -2, f->name);
    }
    lua_pushliteral(L, "cmsgpack");
    lua_setfield(L, -2, "_NAME");
    lua_pushliteral(L, "lua-cmsgpack 0.4.0");
    lua_setfield(L, -2, "_VERSION");
}
