/* Pattern functions of the string library: find, match, gmatch, gsub as the manual of Lua 5.1
 * describes them. Our own because LuaJIT's cannot be interrupted: a hostile pattern takes
 * exponential time, and these let vm_poll() have its turn. */
#ifndef SCRIPT_TEXT_LIB_H
#define SCRIPT_TEXT_LIB_H

#include <lua.h>

/* Replaces them, and sub, in the table on top of the stack. */
void text_lib_open(lua_State *L);

#endif
