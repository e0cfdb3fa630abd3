#include "script/invoke.h"

#include "engine/gate.h"
#include "script/convert.h"
#include "script/sandbox.h"

struct job {
    const struct invocation *in;
    struct reply *reply;
    struct chain aside; /* the reply while a table is converted, during which others may have a turn
                         */
    struct reply to_aside;
};

static void push_strings(lua_State *L, const struct bytes *from, int n)
{
    lua_createtable(L, n, 0);
    for (int i = 0; i < n; i++) {
        lua_pushlstring(L, from[i].p, from[i].n);
        lua_rawseti(L, -2, i + 1);
    }
}

/* Replies with the error on top of the stack: a table (sandbox_on_error()) or a message. */
static void reply_failure(lua_State *L, struct run *r, struct reply *reply)
{
    struct buf b = {0};
    const char *source = NULL, *text = NULL;
    int line = 0;
    size_t n = 0;
    if (lua_istable(L, -1)) {
        int at = lua_gettop(L);
        lua_pushliteral(L, "err");
        lua_rawget(L, at);
        if (lua_type(L, -1) == LUA_TSTRING)
            text = lua_tolstring(L, -1, &n);
        lua_pushliteral(L, "source");
        lua_rawget(L, at);
        if (lua_type(L, -1) == LUA_TSTRING)
            source = lua_tostring(L, -1);
        lua_pushliteral(L, "line");
        lua_rawget(L, at);
        line = (int)lua_tointeger(L, -1);
    }
    if (text) {
        if (n && *text == '-') {
            text++;
            n--;
        }
        buf_add(&b, bytes_of(text, n));
    } else {
        text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
        buf_printf(&b, "ERR %s", text ? text : "unknown error");
    }
    buf_printf(&b, " script: %s", r->name);
    if (source)
        buf_printf(&b, ", on %s:%d.", source, line);
    reply_error_bytes(reply, buf_bytes(&b));
    buf_free(&b);
}

static int convert_protected(lua_State *L)
{
    struct job *j = lua_touserdata(L, 1);
    struct run *r = j->in->run;
    convert_to_reply(L, &j->to_aside, r->client->reply.resp == 3, r->vm->limit);
    return 0;
}

/* Sends the result on top of the stack as the reply. Converting a table can fail midway, so it is
 * first converted into a separate buffer. */
static int reply_result(lua_State *L, struct job *j)
{
    if (!lua_istable(L, -1)) {
        convert_to_reply(L, j->reply, j->in->run->client->reply.resp == 3, 0);
        return 0;
    }
    j->aside.pool = j->reply->out->pool;
    j->to_aside = (struct reply){.out = &j->aside, .resp = j->reply->resp};
    lua_pushcfunction(L, convert_protected);
    lua_insert(L, -2);
    lua_pushlightuserdata(L, j);
    lua_insert(L, -2);
    int failed = lua_pcall(L, 2, 0, 0);
    if (failed)
        return failed;
    chain_move(j->reply->out, &j->aside);
    j->reply->errors += j->to_aside.errors;
    if (j->to_aside.errors)
        memcpy(j->reply->error_code, j->to_aside.error_code, sizeof(j->reply->error_code));
    return 0;
}

static int run_protected(lua_State *L)
{
    struct job *j = lua_touserdata(L, 1);
    struct run *r = j->in->run;
    lua_settop(L, 0);
    lua_pushcfunction(L, sandbox_on_error);
    lua_rawgeti(L, LUA_REGISTRYINDEX, j->in->ref);
    push_strings(L, j->in->keys, j->in->key_count);
    if (!r->is_function)
        sandbox_set_global(L, "KEYS");
    push_strings(L, j->in->args, j->in->arg_count);
    if (!r->is_function)
        sandbox_set_global(L, "ARGV");
    int failed = lua_pcall(L, r->is_function ? 2 : 0, 1, 1);
    if (!failed)
        failed = reply_result(L, j);
    r->vm->bounded = false;
    if (failed)
        reply_failure(L, r, j->reply);
    return 0;
}

void invoke(struct call *call, const struct invocation *in)
{
    struct run *r = in->run;
    unsigned errors = r->client->errors_counted;
    struct job j = {.in = in, .reply = call->reply};
    call_no_effect(call);
    run_begin(r, in->vm, call->client, in->readonly, in->allow_oom);
    r->argv_called = call->argv;
    r->argc_called = call->argc;
    int failed = vm_protect(in->vm, run_protected, &j);
    run_end(r);
    gate_inherit(call, r->client);
    if (failed)
        reply_failure(in->vm->L, r, call->reply);
    chain_free(&j.aside);
    lua_settop(in->vm->L, 0);
    /* A command's error that the script passes on was counted when it occurred. */
    call->errors_counted = r->client->errors_counted != errors;
}
