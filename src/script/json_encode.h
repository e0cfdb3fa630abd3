/* JSON text of a Lua value, with the limits and error texts of lua-cjson 2.1. */
#ifndef SCRIPT_JSON_ENCODE_H
#define SCRIPT_JSON_ENCODE_H

#include <lua.h>
#include <stdbool.h>

/* The treatment of NaN and infinity. */
enum json_encode_invalid {
    JSON_ENCODE_INVALID_REFUSED,
    JSON_ENCODE_INVALID_WRITTEN, /* as nan, inf, -inf, which is not JSON */
    JSON_ENCODE_INVALID_NULL,
};

struct json_encode_options {
    int depth; /* the most nested tables */
    /* A table with positive integer keys is an array unless its largest key is above sparse_safe
     * and above sparse_ratio (0: no limit) times its length; then it is an object if
     * sparse_convert, else an error. */
    bool sparse_convert;
    int sparse_ratio, sparse_safe;
    int precision; /* significant digits of a number */
    int invalid;   /* enum json_encode_invalid */
};

/* Pushes the text of the value on top of the stack, which must be the function's only argument;
 * raises for values that JSON cannot represent and on lack of memory. */
void json_encode(lua_State *L, const struct json_encode_options *o);

#endif
