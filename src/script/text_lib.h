/* Functions of the string library as the manual of Lua 5.1 describes them: find, match, gmatch,
 * gsub and rep. Our own because Lua's can neither be interrupted (a hostile pattern takes
 * exponential time) nor keep within C's stack (it recurses for each item of a pattern). */
#ifndef SCRIPT_TEXT_LIB_H
#define SCRIPT_TEXT_LIB_H

#include <lua.h>

/* Replaces them in the table on top of the stack. */
void text_lib_open(lua_State *L);

#endif
