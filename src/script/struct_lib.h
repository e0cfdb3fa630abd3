/* struct: packing and unpacking of C-like binary values, as the library "struct" in Redis: < >
 * endianness, !n alignment, b B h H l L T i[n] I[n] f d s x c[n] and blanks. */
#ifndef SCRIPT_STRUCT_LIB_H
#define SCRIPT_STRUCT_LIB_H

#include <lua.h>

/* Pushes the library's table. */
void struct_lib_open(lua_State *L);

#endif
