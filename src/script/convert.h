/* Conversion between Lua values and replies, by the rules of Redis scripts. */
#ifndef SCRIPT_CONVERT_H
#define SCRIPT_CONVERT_H

#include "proto/reply.h"

#include <lua.h>

/* Pushes one complete, well-formed reply as a Lua value; an error becomes a table with err. The
 * bytes must be followed by a NUL. Raises on lack of memory and if replies nest too deeply. */
void convert_to_lua(lua_State *L, struct bytes reply);
/* Writes the value on top of the stack as a reply and pops it. resp3: the script chose RESP3, so
 * booleans are replied as such. Raises, with an incomplete reply in r, if tables nest too deeply,
 * the reply exceeds `most` bytes (0: no limit), the script must end, or on lack of memory; never
 * for a value that is not a table. */
void convert_to_reply(lua_State *L, struct reply *r, bool resp3, size_t most);

#endif
