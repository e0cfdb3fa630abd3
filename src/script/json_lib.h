/* cjson: JSON for scripts, with the functions, limits, options and error texts of lua-cjson 2.1,
 * which scripts rely on. Sizes are bounded by the state's memory, depth by the C stack. */
#ifndef SCRIPT_JSON_LIB_H
#define SCRIPT_JSON_LIB_H

#include <lua.h>

/* Pushes the library's table. */
void json_lib_open(lua_State *L);

#endif
