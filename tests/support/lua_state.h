/* A Lua state with one library of script/, for its tests: runs code, and compares its results as
 * text.
 *
 *   struct vm vm;
 *   lua_begin(&vm, open);                      open: pushes and sets what the code may use
 *   CHECK(lua_says(&vm, "return 1, 'a'", "1 a"));
 *   vm_free(&vm); */
#ifndef SUPPORT_LUA_STATE_H
#define SUPPORT_LUA_STATE_H

#include "script/vm.h"

#include <lualib.h>
#include <stdio.h>
#include <string.h>

static inline int lua_open_base(lua_State *L)
{
    lua_pushcfunction(L, luaopen_base);
    lua_call(L, 0, 0);
    lua_pushcfunction(L, luaopen_string);
    lua_call(L, 0, 0);
    return 0;
}

/* The base and string libraries of Lua, and what open() adds. */
static inline void lua_begin(struct vm *vm, lua_CFunction open)
{
    vm_init(vm, 0);
    vm_protect(vm, lua_open_base, NULL);
    vm_protect(vm, open, NULL);
}

struct lua_said {
    const char *code;
    char got[1024];
};

static inline int lua_say(lua_State *L)
{
    struct lua_said *s = lua_touserdata(L, 1);
    size_t at = 0;
    lua_settop(L, 0);
    if (vm_load(L, bytes_text(s->code), "=t") == 0 && lua_pcall(L, 0, LUA_MULTRET, 0) != 0 &&
        lua_isstring(L, -1)) {
        const char *text = lua_tostring(L, -1);
        lua_pushstring(L, strncmp(text, "t:1: ", 5) == 0 ? text + 5 : text);
        lua_replace(L, 1);
    }
    int n = lua_gettop(L);
    for (int i = 1; i <= n && at < sizeof(s->got); i++) {
        lua_getglobal(L, "tostring");
        lua_pushvalue(L, i);
        lua_call(L, 1, 1);
        at += (size_t)snprintf(s->got + at, sizeof(s->got) - at, i > 1 ? " %s" : "%s",
                               lua_tostring(L, -1));
    }
    return 0;
}

/* Whether the code returns this, or fails with this error (without its position). */
static inline bool lua_says(struct vm *vm, const char *code, const char *want)
{
    struct lua_said s = {.code = code};
    vm_protect(vm, lua_say, &s);
    lua_settop(vm->L, 0);
    if (strcmp(s.got, want) != 0)
        printf("# %s: said <%s>, wanted <%s>\n", code, s.got, want);
    return strcmp(s.got, want) == 0;
}

/* The same in a state of its own. */
static inline bool lua_opened_says(lua_CFunction open, const char *code, const char *want)
{
    struct vm vm;
    lua_begin(&vm, open);
    bool same = lua_says(&vm, code, want);
    vm_free(&vm);
    return same;
}

#endif
