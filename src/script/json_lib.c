#include "script/json_lib.h"

#include "base/num.h"
#include "script/vm.h"

#include <ctype.h>
#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MOST 4000 /* levels that C's stack bears */

struct options {
    int encode_depth, decode_depth;
    bool sparse_convert;
    int sparse_ratio, sparse_safe;
    int precision;
    bool keep_buffer;
    int encode_invalid; /* 0 error, 1 as it is, 2 null */
    bool decode_invalid;
};

static struct options *options_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* ---- Encoding */

/* Output: a userdata at a fixed place of the stack, made anew when it is full. */
struct output {
    lua_State *L;
    const struct options *o;
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
        if (w->o->encode_invalid == 0)
            refuse(w, index, "must not be NaN or Inf");
        if (w->o->encode_invalid == 2) {
            ADD(w, "null");
            return;
        }
        /* As lua-cjson writes them. */
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

/* The length of the table on top as an array; -1: it is an object. */
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
    if (depth > w->o->encode_depth || depth > DEPTH_MOST || !lua_checkstack(w->L, 6))
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

/* The value on top of the stack. */
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

static int json_encode(lua_State *L)
{
    luaL_argcheck(L, lua_gettop(L) == 1, 1, "expected 1 argument");
    lua_pushnil(L);
    lua_insert(L, 1); /* the output's place */
    struct output w = {.L = L, .o = options_of(L), .at = 1};
    add_value(&w, 0);
    lua_pushlstring(L, w.p ? w.p : "", w.n);
    return 1;
}

/* ---- Decoding */

struct input {
    lua_State *L;
    const struct options *o;
    const char *start, *p, *end;
    char *scratch; /* room for any string of the input, unescaped */
    int depth;
};

enum token {
    T_OBJ_BEGIN,
    T_OBJ_END,
    T_ARR_BEGIN,
    T_ARR_END,
    T_STRING,
    T_NUMBER,
    T_BOOLEAN,
    T_NULL,
    T_COLON,
    T_COMMA,
    T_END,
    T_ERROR,
};

struct lexeme {
    enum token token;
    const char *at;
    const char *text; /* of an error or a string */
    size_t n;
    double number; /* or the boolean */
};

static struct lexeme wrong(const char *at, const char *why)
{
    return (struct lexeme){.token = T_ERROR, .at = at, .text = why};
}

static int hex4(const char *p, const char *end)
{
    int v = 0;
    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int d = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (d < 0)
            return -1;
        v = v << 4 | d;
    }
    return v;
}

static size_t put_utf8(char *to, unsigned c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xc0 | c >> 6);
        to[1] = (char)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (char)(0xe0 | c >> 12);
        to[1] = (char)(0x80 | (c >> 6 & 63));
        to[2] = (char)(0x80 | (c & 63));
        return 3;
    }
    to[0] = (char)(0xf0 | c >> 18);
    to[1] = (char)(0x80 | (c >> 12 & 63));
    to[2] = (char)(0x80 | (c >> 6 & 63));
    to[3] = (char)(0x80 | (c & 63));
    return 4;
}

/* in->p behind the opening quote. */
static struct lexeme string(struct input *in, const char *at)
{
    const char *p = in->p, *begin = p;
    while (p < in->end && *p != '"' && *p != '\\')
        p++;
    if (p < in->end && *p == '"') {
        in->p = p + 1;
        return (struct lexeme){
            .token = T_STRING, .at = at, .text = begin, .n = (size_t)(p - begin)};
    }
    size_t n = (size_t)(p - begin);
    memcpy(in->scratch, begin, n);
    for (; p < in->end && *p != '"'; p++) {
        if (*p != '\\') {
            in->scratch[n++] = *p;
            continue;
        }
        p++;
        char c = p < in->end ? *p : 0;
        if (c == 'u') {
            int v = hex4(p + 1, in->end);
            if (v < 0 || (v & 0xfc00) == 0xdc00)
                return wrong(p - 1, "invalid unicode escape code");
            unsigned code = (unsigned)v;
            p += 4;
            if ((v & 0xfc00) == 0xd800) {
                int low =
                    in->end - p > 2 && p[1] == '\\' && p[2] == 'u' ? hex4(p + 3, in->end) : -1;
                if (low < 0 || (low & 0xfc00) != 0xdc00)
                    return wrong(p - 5, "invalid unicode escape code");
                code = 0x10000 + ((code & 0x3ff) << 10 | ((unsigned)low & 0x3ff));
                p += 6;
            }
            n += put_utf8(in->scratch + n, code);
            continue;
        }
        static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
        const char *which = c ? strchr(names, c) : NULL;
        if (!which)
            return p < in->end ? wrong(p - 1, "invalid escape code")
                               : wrong(in->end, "unexpected end of string");
        in->scratch[n++] = values[which - names];
    }
    if (p >= in->end)
        return wrong(in->end, "unexpected end of string");
    in->p = p + 1;
    return (struct lexeme){.token = T_STRING, .at = at, .text = in->scratch, .n = n};
}

/* Forms that strtod() takes and JSON does not know: leading zeros, hex, inf, nan. */
static bool strange_number(const char *p)
{
    if (*p == '-' || *p == '+')
        p++;
    if (*p == '0')
        return (p[1] | 0x20) == 'x' || isdigit((unsigned char)p[1]);
    return (p[0] | 0x20) == 'i' || (p[0] | 0x20) == 'n';
}

static struct lexeme next(struct input *in)
{
    while (in->p < in->end && (*in->p == ' ' || *in->p == '\t' || *in->p == '\n' || *in->p == '\r'))
        in->p++;
    const char *at = in->p;
    if (at >= in->end)
        return (struct lexeme){.token = T_END, .at = at};
    size_t left = (size_t)(in->end - at);
    static const char marks[] = "{}[]", tail[] = ":,";
    const char *mark = *at ? strchr(marks, *at) : NULL;
    if (mark) {
        in->p++;
        return (struct lexeme){.token = (enum token)(T_OBJ_BEGIN + (mark - marks)), .at = at};
    }
    mark = *at ? strchr(tail, *at) : NULL;
    if (mark) {
        in->p++;
        return (struct lexeme){.token = (enum token)(T_COLON + (mark - tail)), .at = at};
    }
    if (*at == '"') {
        in->p++;
        return string(in, at);
    }
    bool digit = isdigit((unsigned char)*at);
    if (*at == '-' || digit ||
        (in->o->decode_invalid &&
         (strncasecmp(at, "inf", 3) == 0 || strncasecmp(at, "nan", 3) == 0))) {
        char *end;
        if (!in->o->decode_invalid && strange_number(at))
            return wrong(at, "invalid number");
        double v = strtod(at, &end); /* a NUL stands behind every Lua string */
        if (end == at)
            return wrong(at, "invalid number");
        in->p = end;
        return (struct lexeme){.token = T_NUMBER, .at = at, .number = v};
    }
    if (left >= 4 && memcmp(at, "true", 4) == 0) {
        in->p += 4;
        return (struct lexeme){.token = T_BOOLEAN, .at = at, .number = 1};
    }
    if (left >= 5 && memcmp(at, "false", 5) == 0) {
        in->p += 5;
        return (struct lexeme){.token = T_BOOLEAN, .at = at, .number = 0};
    }
    if (left >= 4 && memcmp(at, "null", 4) == 0) {
        in->p += 4;
        return (struct lexeme){.token = T_NULL, .at = at};
    }
    return wrong(at, "invalid token");
}

static void unexpected(struct input *in, const struct lexeme *x, const char *expected)
{
    static const char *const names[] = {"T_OBJ_BEGIN", "T_OBJ_END", "T_ARR_BEGIN", "T_ARR_END",
                                        "T_STRING",    "T_NUMBER",  "T_BOOLEAN",   "T_NULL",
                                        "T_COLON",     "T_COMMA",   "T_END",       "T_ERROR"};
    luaL_error(in->L, "Expected %s but found %s at character %d", expected,
               x->token == T_ERROR ? x->text : names[x->token], (int)(x->at - in->start) + 1);
}

static void push_value(struct input *in, const struct lexeme *x);

static void descend(struct input *in)
{
    in->depth++;
    if (in->depth > in->o->decode_depth || in->depth > DEPTH_MOST || !lua_checkstack(in->L, 4))
        luaL_error(in->L, "Found too many nested data structures (%d) at character %d", in->depth,
                   (int)(in->p - in->start));
}

static void push_object(struct input *in)
{
    descend(in);
    lua_newtable(in->L);
    struct lexeme x = next(in);
    if (x.token == T_OBJ_END) {
        in->depth--;
        return;
    }
    for (;;) {
        if (x.token != T_STRING)
            unexpected(in, &x, "object key string");
        lua_pushlstring(in->L, x.text, x.n);
        x = next(in);
        if (x.token != T_COLON)
            unexpected(in, &x, "colon");
        x = next(in);
        push_value(in, &x);
        lua_rawset(in->L, -3);
        x = next(in);
        if (x.token == T_OBJ_END)
            break;
        if (x.token != T_COMMA)
            unexpected(in, &x, "comma or object end");
        x = next(in);
    }
    in->depth--;
}

static void push_array(struct input *in)
{
    descend(in);
    lua_newtable(in->L);
    struct lexeme x = next(in);
    for (int i = 1; x.token != T_ARR_END || i > 1; i++) {
        push_value(in, &x);
        lua_rawseti(in->L, -2, i);
        x = next(in);
        if (x.token == T_ARR_END)
            break;
        if (x.token != T_COMMA)
            unexpected(in, &x, "comma or array end");
        x = next(in);
    }
    in->depth--;
}

static void push_value(struct input *in, const struct lexeme *x)
{
    vm_poll(in->L);
    switch (x->token) {
    case T_STRING:
        lua_pushlstring(in->L, x->text, x->n);
        break;
    case T_NUMBER:
        lua_pushnumber(in->L, x->number);
        break;
    case T_BOOLEAN:
        lua_pushboolean(in->L, x->number != 0);
        break;
    case T_OBJ_BEGIN:
        push_object(in);
        break;
    case T_ARR_BEGIN:
        push_array(in);
        break;
    case T_NULL:
        lua_pushlightuserdata(in->L, NULL);
        break;
    default:
        unexpected(in, x, "value");
    }
}

static int json_decode(lua_State *L)
{
    size_t n;
    luaL_argcheck(L, lua_gettop(L) == 1, 1, "expected 1 argument");
    const char *text = luaL_checklstring(L, 1, &n);
    if (n >= 2 && (!text[0] || !text[1]))
        return luaL_error(L, "JSON parser does not support UTF-16 or UTF-32");
    struct input in = {.L = L, .o = options_of(L), .start = text, .p = text, .end = text + n};
    in.scratch = lua_newuserdata(L, n + 4);
    struct lexeme x = next(&in);
    push_value(&in, &x);
    x = next(&in);
    if (x.token != T_END)
        unexpected(&in, &x, "the end");
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

static int json_encode_max_depth(lua_State *L)
{
    return int_option(L, 1, &options_of(L)->encode_depth, 1, INT32_MAX);
}

static int json_decode_max_depth(lua_State *L)
{
    return int_option(L, 1, &options_of(L)->decode_depth, 1, INT32_MAX);
}

static int json_encode_number_precision(lua_State *L)
{
    return int_option(L, 1, &options_of(L)->precision, 1, 14);
}

static int json_encode_keep_buffer(lua_State *L)
{
    return bool_option(L, 1, &options_of(L)->keep_buffer);
}

static int json_encode_sparse_array(lua_State *L)
{
    struct options *o = options_of(L);
    lua_settop(L, 3);
    bool_option(L, 1, &o->sparse_convert);
    int_option(L, 2, &o->sparse_ratio, 0, INT32_MAX);
    int_option(L, 3, &o->sparse_safe, 0, INT32_MAX);
    return 3;
}

static int json_encode_invalid_numbers(lua_State *L)
{
    static const char *const words[] = {"off", "on", "null", NULL};
    struct options *o = options_of(L);
    if (lua_isboolean(L, 1))
        o->encode_invalid = lua_toboolean(L, 1);
    else if (!lua_isnoneornil(L, 1))
        o->encode_invalid = luaL_checkoption(L, 1, NULL, words);
    if (o->encode_invalid == 2)
        lua_pushliteral(L, "null");
    else
        lua_pushboolean(L, o->encode_invalid);
    return 1;
}

static int json_decode_invalid_numbers(lua_State *L)
{
    return bool_option(L, 1, &options_of(L)->decode_invalid);
}

static int json_new(lua_State *L)
{
    json_lib_open(L);
    return 1;
}

void json_lib_open(lua_State *L)
{
    static const luaL_Reg functions[] = {{"encode", json_encode},
                                         {"decode", json_decode},
                                         {"encode_sparse_array", json_encode_sparse_array},
                                         {"encode_max_depth", json_encode_max_depth},
                                         {"decode_max_depth", json_decode_max_depth},
                                         {"encode_number_precision", json_encode_number_precision},
                                         {"encode_keep_buffer", json_encode_keep_buffer},
                                         {"encode_invalid_numbers", json_encode_invalid_numbers},
                                         {"decode_invalid_numbers", json_decode_invalid_numbers},
                                         {"new", json_new},
                                         {NULL, NULL}};
    lua_newtable(L);
    struct options *o = lua_newuserdata(L, sizeof(*o));
    *o = (struct options){.encode_depth = 1000,
                          .decode_depth = 1000,
                          .sparse_ratio = 2,
                          .sparse_safe = 10,
                          .precision = 14,
                          .keep_buffer = true,
                          .decode_invalid = true};
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
