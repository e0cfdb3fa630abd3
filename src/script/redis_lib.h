/* The Lua table `redis` that scripts use to call commands, build replies, write to the log and
 * check rights. */
#ifndef SCRIPT_REDIS_LIB_H
#define SCRIPT_REDIS_LIB_H

#include <lua.h>
#include <stdbool.h>

/* Pushes the table for scripts. */
void redis_lib_open(lua_State *L);
/* Pushes the table for function libraries. While a library is loaded it has register_function
 * instead of the commands. */
void redis_lib_open_functions(lua_State *L, lua_CFunction register_function);
/* Switches the table of a library's state: on while the library is being loaded. */
void redis_lib_registering(lua_State *L, bool on);

#endif
