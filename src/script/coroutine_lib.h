/* The library "coroutine" of scripts: as Lua's, but what runs is known to the machine
 * (script/vm.h), and C's stack and what may not be caught hold across coroutines. */
#ifndef SCRIPT_COROUTINE_LIB_H
#define SCRIPT_COROUTINE_LIB_H

#include <lua.h>

/* Pushes the library's table. */
void coroutine_lib_open(lua_State *L);

#endif
