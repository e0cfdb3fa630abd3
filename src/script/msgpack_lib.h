/* cmsgpack: MessagePack for scripts, with the functions and conversions of lua-cmsgpack. Packing
 * uses libmsgpack; unpacking is our own, because libmsgpack allocates memory for announced lengths.
 */
#ifndef SCRIPT_MSGPACK_LIB_H
#define SCRIPT_MSGPACK_LIB_H

#include <lua.h>

/* Pushes the library's table. */
void msgpack_lib_open(lua_State *L);

#endif
