/* The string functions find, match, gmatch, gsub and rep of Lua 5.1. Our own because Lua's cannot
 * be interrupted (a hostile pattern takes exponential time) and do not bound the C stack (they
 * recurse for each item of a pattern). */
#ifndef SCRIPT_TEXT_LIB_H
#define SCRIPT_TEXT_LIB_H

#include <lua.h>

/* Replaces them in the table on top of the stack. */
void text_lib_open(lua_State *L);

#endif
