/* Functions of the library "table" that write, or that call back: as Lua 5.1's, but they can be
 * interrupted, and tables that are read-only stay so. */
#ifndef SCRIPT_TABLE_LIB_H
#define SCRIPT_TABLE_LIB_H

#include <lua.h>

/* Puts its functions into the table on top of the stack. refuse(L, index) raises if the table at
 * index may not be written. */
void table_lib_open(lua_State *L, void (*refuse)(lua_State *L, int index));

#endif
