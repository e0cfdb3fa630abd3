/* What code in a VM can reach: the base functions, string, table, math, coroutine, bit, cjson,
 * cmsgpack, struct and redis, all of it read-only: every library table is an empty one in front of
 * the real one, which no code can get at. */
#ifndef SCRIPT_SANDBOX_H
#define SCRIPT_SANDBOX_H

#include <lua.h>

/* Fills a new state. redis_lib: pushes the table `redis`. May raise. */
void sandbox_open(lua_State *L, void (*redis_lib)(lua_State *L));
/* Sets a global to the value on top, which is popped: for KEYS and ARGV. */
void sandbox_set_global(lua_State *L, const char *name);
/* A message handler for lua_pcall(): makes an error a table with err, source and line. */
int sandbox_on_error(lua_State *L);

#endif
