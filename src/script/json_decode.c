/* JSON text to Lua values: a scanner (next) that returns one lexeme at a time, and a recursive
 * descent over it (push_value, push_object, push_array) that leaves one value on Lua's stack.
 *
 * Strings without escapes are pushed from the input; others are unescaped into `scratch`, a
 * userdata as long as the input, owned by the garbage collector. So nothing is allocated outside
 * the state, and errors anywhere leak nothing.
 *
 * What can fail: an invalid lexeme (T_ERROR, with its reason) or an unexpected one raises "Expected
 * ... but found ... at character N"; too many levels raise before the stacks of Lua and C are full;
 * lack of memory raises; vm_poll() at each value allows interrupting a long input. */
#include "script/json_decode.h"

#include "script/vm.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MOST 4000 /* levels that fit C's stack */

struct input {
    lua_State *L;
    const struct json_decode_options *o;
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
    const char *text; /* of a string or an error */
    size_t n;
    double number; /* of a number or boolean */
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

/* Reads a string; in->p is after the opening quote. */
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

/* Forms that strtod() accepts and JSON does not: leading zeros, hex, inf, nan. */
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
        (in->o->invalid && (strncasecmp(at, "inf", 3) == 0 || strncasecmp(at, "nan", 3) == 0))) {
        char *end;
        if (!in->o->invalid && strange_number(at))
            return wrong(at, "invalid number");
        double v = strtod(at, &end); /* Lua strings end with a NUL */
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
    if (in->depth > in->o->depth || in->depth > DEPTH_MOST || !lua_checkstack(in->L, 4))
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

void json_decode(lua_State *L, const struct json_decode_options *o)
{
    size_t n;
    const char *text = lua_tolstring(L, 1, &n);
    if (n >= 2 && (!text[0] || !text[1]))
        luaL_error(L, "JSON parser does not support UTF-16 or UTF-32");
    struct input in = {.L = L, .o = o, .start = text, .p = text, .end = text + n};
    in.scratch = lua_newuserdata(L, n + 4);
    struct lexeme x = next(&in);
    push_value(&in, &x);
    x = next(&in);
    if (x.token != T_END)
        unexpected(&in, &x, "the end");
}
