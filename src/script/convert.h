/* Conversion between Lua values and replies, by the rules of Redis scripts. */
#ifndef SCRIPT_CONVERT_H
#define SCRIPT_CONVERT_H

#include "proto/reply.h"

#include <lua.h>

/* Pushes one complete, well-formed reply as a Lua value; an error becomes a table with err. A NUL
 * follows the bytes. Raises for lack of memory and when replies nest too deeply. */
void convert_to_lua(lua_State *L, struct bytes reply);
/* Writes the value on top of the stack as a reply and pops it. resp3: the script asked for RESP3
 * (booleans are such then). Raises, with half a reply in r, when tables nest too deeply, when the
 * reply takes more than most bytes (0: no limit), when the script is to end, and for lack of
 * memory; a value that is no table raises nothing. */
void convert_to_reply(lua_State *L, struct reply *r, bool resp3, size_t most);

#endif
