/* The environment of code in a VM: base functions, string, table, math, coroutine, bit, cjson,
 * cmsgpack, struct and redis, all read-only: library tables are empty proxies for the real ones,
 * which code cannot access. */
#ifndef SCRIPT_SANDBOX_H
#define SCRIPT_SANDBOX_H

#include <lua.h>

/* Fills a new state. redis_lib: pushes the table `redis`. May raise. */
void sandbox_open(lua_State *L, void (*redis_lib)(lua_State *L));
/* Sets a global (KEYS, ARGV) to the value on top, and pops it. */
void sandbox_set_global(lua_State *L, const char *name);
/* A message handler for lua_pcall(): converts an error to a table with err, source and line. */
int sandbox_on_error(lua_State *L);

#endif
