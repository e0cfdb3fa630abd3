/* The Lua value of a JSON text, with the limits and error texts of lua-cjson 2.1. */
#ifndef SCRIPT_JSON_DECODE_H
#define SCRIPT_JSON_DECODE_H

#include <lua.h>
#include <stdbool.h>

struct json_decode_options {
    int depth;    /* the most nested arrays and objects */
    bool invalid; /* accepts what strtod() does: inf, nan, hexadecimal, leading zeros */
};

/* Pushes the value of the JSON text at stack index 1, a string; null becomes a NULL light userdata.
 * Raises on wrong input and lack of memory. */
void json_decode(lua_State *L, const struct json_decode_options *o);

#endif
