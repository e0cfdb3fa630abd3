/* The library "bit" of scripts: operations on 32 bits. */
#ifndef SCRIPT_BIT_LIB_H
#define SCRIPT_BIT_LIB_H

#include <lua.h>

/* Pushes the library's table. */
void bit_lib_open(lua_State *L);

#endif
