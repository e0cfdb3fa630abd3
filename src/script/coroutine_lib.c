#include "script/coroutine_lib.h"

#include "script/vm.h"

enum state { SUSPENDED, RUNNING, NORMAL, DEAD };
static const char *const state_names[] = {"suspended", "running", "normal", "dead"};

static enum state state_of(lua_State *L, lua_State *co)
{
    lua_Debug ar;
    int status = lua_status(co);
    if (L == co)
        return RUNNING;
    if (status == LUA_YIELD)
        return SUSPENDED;
    if (status != 0)
        return DEAD;
    if (lua_getstack(co, 0, &ar))
        return NORMAL;
    return lua_gettop(co) == 0 ? DEAD : SUSPENDED;
}

/* Moves n arguments from L's stack to co and resumes it. Returns the number of results; -1: an
 * error. */
static int resume(lua_State *L, lua_State *co, int n)
{
    enum state state = state_of(L, co);
    if (state != SUSPENDED) {
        lua_pushfstring(L, "cannot resume %s coroutine", state_names[state]);
        return -1;
    }
    if (!lua_checkstack(co, n))
        luaL_error(L, "too many arguments to resume");
    lua_xmove(L, co, n);
    int status = vm_resume(L, co, n);
    if (status != 0 && status != LUA_YIELD) {
        lua_xmove(co, L, 1);
        return -1;
    }
    int results = lua_gettop(co);
    if (!lua_checkstack(L, results + 1))
        luaL_error(L, "too many results to resume");
    lua_xmove(co, L, results);
    return results;
}

static lua_State *thread_argument(lua_State *L)
{
    lua_State *co = lua_tothread(L, 1);
    luaL_argcheck(L, co, 1, "coroutine expected");
    return co;
}

static int co_create(lua_State *L)
{
    luaL_argcheck(L, lua_isfunction(L, 1) && !lua_iscfunction(L, 1), 1, "Lua function expected");
    lua_State *co = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, co, 1);
    return 1;
}

static int co_resume(lua_State *L)
{
    lua_State *co = thread_argument(L);
    int n = resume(L, co, lua_gettop(L) - 1);
    lua_pushboolean(L, n >= 0);
    n = n < 0 ? 1 : n;
    lua_insert(L, -(n + 1));
    return n + 1;
}

static int wrapped(lua_State *L)
{
    int n = resume(L, lua_tothread(L, lua_upvalueindex(1)), lua_gettop(L));
    if (n >= 0)
        return n;
    if (lua_isstring(L, -1)) { /* an error text gets the position here as prefix */
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

static int co_wrap(lua_State *L)
{
    co_create(L);
    lua_pushcclosure(L, wrapped, 1);
    return 1;
}

static int co_yield (lua_State *L)
{
    return lua_yield(L, lua_gettop(L));
}

static int co_status(lua_State *L)
{
    lua_pushstring(L, state_names[state_of(L, thread_argument(L))]);
    return 1;
}

static int co_running(lua_State *L)
{
    if (lua_pushthread(L))
        lua_pushnil(L);
    return 1;
}

void coroutine_lib_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"create", co_create}, {"resume", co_resume},   {"wrap", co_wrap}, {"yield", co_yield },
        {"status", co_status}, {"running", co_running}, {NULL, NULL}};
    lua_newtable(L);
    for (const luaL_Reg *f = functions; f->name; f++) {
        lua_pushcfunction(L, f->func);
        lua_setfield(L, -2, f->name);
    }
}
