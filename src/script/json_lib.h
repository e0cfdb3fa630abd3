/* cjson: JSON for scripts, with the functions, limits, options and error texts of lua-cjson 2.1,
 * which scripts rely on. Output and input are bounded by the state's memory, depth by C's stack. */
#ifndef SCRIPT_JSON_LIB_H
#define SCRIPT_JSON_LIB_H

#include <lua.h>

/* Pushes the library's table. */
void json_lib_open(lua_State *L);

#endif
