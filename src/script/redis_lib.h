/* The table `redis` of scripts: commands, replies, log, and what else Redis gives them. */
#ifndef SCRIPT_REDIS_LIB_H
#define SCRIPT_REDIS_LIB_H

#include <lua.h>
#include <stdbool.h>

/* Pushes it, for scripts. */
void redis_lib_open(lua_State *L);
/* Pushes it, for libraries of functions: while run.registering holds there are no commands but
 * register_function, which calls what is given here. */
void redis_lib_open_functions(lua_State *L, lua_CFunction register_function);
/* Turns the table of a library state from one to the other. */
void redis_lib_registering(lua_State *L, bool on);

#endif
