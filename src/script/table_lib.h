/* Functions of the library "table" that write or call back: as in Lua 5.1, but interruptible, and
 * unable to change read-only tables. */
#ifndef SCRIPT_TABLE_LIB_H
#define SCRIPT_TABLE_LIB_H

#include <lua.h>

/* Adds its functions to the table on top of the stack. refuse(L, index) must raise if the table at
 * index is read-only. */
void table_lib_open(lua_State *L, void (*refuse)(lua_State *L, int index));

#endif
