/* The table `redis` of scripts and of function libraries.
 *
 * A script's table never changes. A library's table has two states, switched by
 * redis_lib_registering():
 *
 *   registering   while FUNCTION LOAD runs the code: register_function, and no commands
 *   running       while a function is called: call, pcall and acl_check_cmd
 *
 * The functions that are switched are kept in the state's registry under the addresses of call_key
 * etc., where no Lua code can reach them.
 *
 * Errors have two forms: wrong use of a function raises a table with the field err (fail), while
 * error_reply() and status_reply() return such a table. redis.call() raises the error of a command,
 * redis.pcall() returns it.
 *
 * setresp() changes the protocol of the script's own client only, and run_begin() sets it back to
 * RESP2 for the next script. */
#include "script/redis_lib.h"

#include "base/digest.h"
#include "base/log.h"
#include "script/run.h"

/* Registry keys, by their addresses. */
static const char table_key, call_key, pcall_key, check_key, register_key;

static int redis_call(lua_State *L)
{
    return run_command(L) ? lua_error(L) : 1;
}

static int redis_pcall(lua_State *L)
{
    run_command(L);
    return 1;
}

static int fail(lua_State *L, const char *text)
{
    lua_createtable(L, 0, 2);
    lua_pushfstring(L, "ERR %s", text);
    lua_setfield(L, -2, "err");
    return lua_error(L);
}

/* redis.error_reply() and redis.status_reply(). */
static int one_field(lua_State *L, const char *field)
{
    if (lua_gettop(L) != 1 || lua_type(L, 1) != LUA_TSTRING) {
        lua_createtable(L, 0, 1);
        lua_pushliteral(L, "ERR wrong number or type of arguments");
        lua_setfield(L, -2, "err");
        return 1;
    }
    size_t n;
    const char *text = lua_tolstring(L, 1, &n);
    lua_createtable(L, 0, 1);
    if (*field == 'e') {
        if (n && *text == '-') {
            text++;
            n--;
        }
        if (!memchr(text, ' ', n)) {
            lua_pushliteral(L, "ERR ");
            lua_pushlstring(L, text, n);
            lua_concat(L, 2);
        } else {
            lua_pushlstring(L, text, n);
        }
    } else {
        lua_pushvalue(L, 1);
    }
    lua_setfield(L, -2, field);
    return 1;
}

static int redis_error_reply(lua_State *L)
{
    return one_field(L, "err");
}

static int redis_status_reply(lua_State *L)
{
    return one_field(L, "ok");
}

static int redis_sha1hex(lua_State *L)
{
    char hex[DIGEST_SHA1_HEX];
    size_t n;
    if (lua_gettop(L) != 1)
        return fail(L, "wrong number of arguments");
    const char *text = lua_tolstring(L, 1, &n);
    digest_sha1_hex(text ? bytes_of(text, n) : bytes_of("", 0), hex);
    lua_pushlstring(L, hex, sizeof(hex));
    return 1;
}

static int redis_log(lua_State *L)
{
    int n = lua_gettop(L);
    if (n < 2)
        return fail(L, "redis.log() requires two arguments or more.");
    if (!lua_isnumber(L, 1))
        return fail(L, "First argument must be a number (log level).");
    double level = lua_tonumber(L, 1);
    if (!(level >= LOG_DEBUG && level <= LOG_WARNING))
        return fail(L, "Invalid debug level.");
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (int i = 2; i <= n; i++) {
        if (!lua_isstring(L, i))
            continue;
        if (i > 2)
            luaL_addchar(&b, ' ');
        lua_pushvalue(L, i);
        luaL_addvalue(&b);
    }
    luaL_pushresult(&b);
    log_line((int)level, "%s", lua_tostring(L, -1));
    return 0;
}

static int redis_setresp(lua_State *L)
{
    if (lua_gettop(L) != 1)
        return fail(L, "redis.setresp() requires one argument.");
    lua_Integer v = lua_tointeger(L, 1);
    if (v != 2 && v != 3)
        return fail(L, "RESP version must be 2 or 3.");
    run_of(L)->client->reply.resp = (int)v;
    return 0;
}

/* Effects are always journalled completely, so the argument has no effect. */
static int redis_set_repl(lua_State *L)
{
    if (lua_gettop(L) != 1)
        return fail(L, "redis.set_repl() requires one argument.");
    lua_Integer v = lua_tointeger(L, 1);
    if (v & ~(lua_Integer)3)
        return fail(
            L, "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.");
    static bool told;
    if (v != 3 && !told) {
        told = true;
        log_line(LOG_WARNING, "A script called redis.set_repl(), which has no effect: writes of "
                              "scripts are always replicated and written to the append-only file.");
    }
    return 0;
}

static int redis_replicate_commands(lua_State *L)
{
    lua_pushboolean(L, 1);
    return 1;
}

static int redis_breakpoint(lua_State *L)
{
    lua_pushboolean(L, 0);
    return 1;
}

static int redis_debug(lua_State *L)
{
    (void)L;
    return 0;
}

static int redis_acl_check_cmd(lua_State *L)
{
    struct run *r = run_of(L);
    struct bytes argv[64];
    int argc = lua_gettop(L);
    if (argc == 0)
        return fail(L, "Please specify at least one argument for this redis lib call");
    if (argc > 64)
        return fail(L, "Too many arguments for redis.acl_check_cmd()");
    for (int i = 0; i < argc; i++) {
        size_t n;
        if (!lua_isstring(L, i + 1))
            return fail(L, "redis.acl_check_cmd() require string arguments");
        const char *p = lua_tolstring(L, i + 1, &n);
        argv[i] = bytes_of(p, n);
    }
    if (!r->active)
        return fail(L, "redis.acl_check_cmd() can only be called inside a script invocation");
    struct exec_request q = {.argv = argv, .argc = argc};
    int allowed = exec_is_allowed(r->client->caller, &q);
    if (allowed < 0)
        return fail(L, "Invalid command passed to redis.acl_check_cmd()");
    lua_pushboolean(L, allowed);
    return 1;
}

static void push_common(lua_State *L)
{
    static const luaL_Reg functions[] = {{"error_reply", redis_error_reply},
                                         {"status_reply", redis_status_reply},
                                         {"sha1hex", redis_sha1hex},
                                         {"log", redis_log},
                                         {"setresp", redis_setresp},
                                         {"set_repl", redis_set_repl},
                                         {"replicate_commands", redis_replicate_commands},
                                         {"breakpoint", redis_breakpoint},
                                         {"debug", redis_debug},
                                         {"acl_check_cmd", redis_acl_check_cmd},
                                         {NULL, NULL}};
    static const struct {
        const char *name;
        int value;
    } numbers[] = {{"LOG_DEBUG", LOG_DEBUG},
                   {"LOG_VERBOSE", LOG_VERBOSE},
                   {"LOG_NOTICE", LOG_NOTICE},
                   {"LOG_WARNING", LOG_WARNING},
                   {"REPL_NONE", 0},
                   {"REPL_AOF", 1},
                   {"REPL_SLAVE", 2},
                   {"REPL_REPLICA", 2},
                   {"REPL_ALL", 3},
                   {"REDIS_VERSION_NUM", 0x00070204}};
    lua_newtable(L);
    for (const luaL_Reg *f = functions; f->name; f++) {
        lua_pushcfunction(L, f->func);
        lua_setfield(L, -2, f->name);
    }
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        lua_pushinteger(L, numbers[i].value);
        lua_setfield(L, -2, numbers[i].name);
    }
    lua_pushliteral(L, "7.2.4");
    lua_setfield(L, -2, "REDIS_VERSION");
}

void redis_lib_open(lua_State *L)
{
    push_common(L);
    lua_pushcfunction(L, redis_call);
    lua_setfield(L, -2, "call");
    lua_pushcfunction(L, redis_pcall);
    lua_setfield(L, -2, "pcall");
}

static void keep(lua_State *L, const char *key)
{
    lua_pushlightuserdata(L, (void *)(uintptr_t)key);
    lua_insert(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
}

static void kept(lua_State *L, const char *key)
{
    lua_pushlightuserdata(L, (void *)(uintptr_t)key);
    lua_rawget(L, LUA_REGISTRYINDEX);
}

/* __index of the table: while a library is loaded an unknown name is an error, as in Redis; in a
 * running script it is nil. */
static int missing(lua_State *L)
{
    if (run_of(L)->registering)
        return luaL_error(L, "Script attempted to access nonexistent global variable '%s'",
                          lua_tostring(L, 2));
    return 0;
}

void redis_lib_open_functions(lua_State *L, lua_CFunction register_function)
{
    push_common(L);
    lua_newtable(L);
    lua_pushcfunction(L, missing);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    keep(L, &table_key);
    lua_pushcfunction(L, redis_call);
    keep(L, &call_key);
    lua_pushcfunction(L, redis_pcall);
    keep(L, &pcall_key);
    lua_pushcfunction(L, redis_acl_check_cmd);
    keep(L, &check_key);
    lua_pushcfunction(L, register_function);
    keep(L, &register_key);
    redis_lib_registering(L, false);
}

void redis_lib_registering(lua_State *L, bool on)
{
    static const struct {
        const char *name, *key;
        bool when;
    } fields[] = {{"call", &call_key, false},
                  {"pcall", &pcall_key, false},
                  {"acl_check_cmd", &check_key, false},
                  {"register_function", &register_key, true}};
    kept(L, &table_key);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        lua_pushstring(L, fields[i].name);
        if (fields[i].when == on)
            kept(L, fields[i].key);
        else
            lua_pushnil(L);
        lua_rawset(L, -3);
    }
    lua_pop(L, 1);
}
