/* Values between Lua and the protocol, by the rules that Redis scripts know. */
#ifndef SCRIPT_CONVERT_H
#define SCRIPT_CONVERT_H

#include "proto/reply.h"

#include <lua.h>

/* Pushes one reply as a Lua value; raises when memory is short. Errors become tables with err. */
void convert_to_lua(lua_State *L, struct bytes reply);
/* Writes the value on top of the stack as a reply and pops it; raises nothing. resp3: the script
 * asked for RESP3 (booleans are such then). */
void convert_to_reply(lua_State *L, struct reply *r, bool resp3);

#endif
