/* The library "coroutine" of scripts: as Lua's, but tells the VM (script/vm.h) which coroutine
 * runs, bounds the C stack across coroutines, and does not let them catch the error that ends a
 * run. */
#ifndef SCRIPT_COROUTINE_LIB_H
#define SCRIPT_COROUTINE_LIB_H

#include <lua.h>

/* Pushes the library's table. */
void coroutine_lib_open(lua_State *L);

#endif
