#include "script/run.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "script/convert.h"

#include <stdio.h>

#define LOAD_US 500000 /* the most that loading a library may take */
#define TICK_US 1000   /* between two turns of the others while a script is busy */

static const char *tick(struct vm *vm)
{
    struct run *r = vm->owner;
    struct engine *e = r->engine;
    int64_t now_us = clock_mono_us();
    long long threshold_ms = e->settings->busy_reply_threshold;
    if (r->registering)
        return now_us - r->started_us > LOAD_US ? "FUNCTION LOAD timeout" : NULL;
    if (!r->active || r->kill || threshold_ms == 0)
        return r->active ? r->kill : NULL;
    if (now_us - r->started_us < threshold_ms * 1000 || now_us - r->ticked_us < TICK_US)
        return NULL;
    if (!r->busy) {
        r->busy = true;
        log_line(LOG_WARNING,
                 "Slow script detected: still in execution after %lld milliseconds. You can try "
                 "killing the script using the %s command. Script name is: %s.",
                 (long long)(now_us - r->started_us) / 1000,
                 r->is_function ? "FUNCTION KILL" : "SCRIPT KILL", r->name);
    }
    /* Others may only ask for what does not depend on data. */
    bool bounded = vm->bounded;
    vm->bounded = false;
    e->busy_function = r->is_function;
    e->special |= ENGINE_BUSY;
    if (!e->services.busy_turn(e->services.context))
        r->kill = "The server is shutting down."; /* SHUTDOWN NOSAVE: whatever it has done */
    e->special &= ~(unsigned)ENGINE_BUSY;
    vm->bounded = bounded;
    r->ticked_us = clock_mono_us();
    return r->kill;
}

void run_init(struct run *r, struct engine *engine, size_t limit)
{
    *r = (struct run){.engine = engine, .random = 0x330e};
    vm_init(&r->vm, limit);
    r->vm.owner = r;
    r->vm.tick = tick;
    r->client = client_new_for_scripts(engine);
}

void run_free(struct run *r)
{
    vm_free(&r->vm);
    client_free(r->client);
    mem_free(r->argv);
    buf_free(&r->numbers);
    buf_free(&r->flat);
}

void run_begin(struct run *r, struct client *caller, bool readonly, bool allow_oom)
{
    struct engine *e = r->engine;
    r->rules = (struct exec_script){.caller = caller, .readonly = readonly};
    if ((e->special & ENGINE_MAXMEMORY) && !allow_oom)
        r->rules.no_memory = !e->services.make_room(e->services.context);
    r->client->db = caller->db;
    r->client->reply.resp = 2;
    r->client->flags = CLIENT_SCRIPT | (caller->flags & (CLIENT_REPLAY | CLIENT_DURABLE));
    r->client->id = caller->id;
    r->active = true;
    r->busy = false;
    r->kill = NULL;
    r->started_us = r->ticked_us = clock_mono_us();
    caller->flags |= CLIENT_RUNNING;
    vm_enter(&r->vm);
}

void run_end(struct run *r)
{
    vm_leave(&r->vm);
    r->active = false;
    r->rules.caller->flags &= ~(unsigned)CLIENT_RUNNING;
    chain_free(&r->client->out);
}

struct run *run_of(lua_State *L)
{
    return vm_of(L)->owner;
}

/* Numbers as commands get them: whole ones plainly, others with 17 digits. */
static struct bytes number_text(struct run *r, double v)
{
    char *to = buf_room(&r->numbers, 40);
    size_t n;
    if (v == (double)(long long)v && v > -1e15 && v < 1e15)
        n = num_print_int(to, (long long)v);
    else
        n = (size_t)snprintf(to, 40, "%.17g", v);
    r->numbers.n += n;
    return bytes_of(to, n);
}

/* False: not all are strings or numbers. */
static bool gather(lua_State *L, struct run *r, int argc)
{
    if (argc > r->argv_cap) {
        r->argv_cap = argc > 16 ? argc * 2 : 32;
        r->argv = mem_realloc(r->argv, (size_t)r->argv_cap * sizeof(*r->argv));
    }
    r->numbers.n = 0;
    buf_room(&r->numbers, (size_t)argc * 40); /* it must not move under the arguments */
    for (int i = 0; i < argc; i++) {
        int type = lua_type(L, i + 1);
        if (type == LUA_TSTRING) {
            size_t n;
            const char *p = lua_tolstring(L, i + 1, &n);
            r->argv[i] = bytes_of(p, n);
        } else if (type == LUA_TNUMBER) {
            r->argv[i] = number_text(r, lua_tonumber(L, i + 1));
        } else {
            return false;
        }
    }
    return true;
}

/* The reply as one run of bytes with a NUL behind it. */
static struct bytes reply_bytes(struct run *r)
{
    struct chain *out = &r->client->out;
    struct iovec pieces[64];
    r->flat.n = 0;
    for (;;) {
        int n = chain_pieces(out, pieces, 64, UINT64_MAX);
        size_t sum = 0;
        if (n == 0)
            break;
        for (int i = 0; i < n; i++) {
            buf_add(&r->flat, bytes_of(pieces[i].iov_base, pieces[i].iov_len));
            sum += pieces[i].iov_len;
        }
        chain_take(out, sum);
    }
    *buf_room(&r->flat, 1) = 0;
    return buf_bytes(&r->flat);
}

/* An error of the call itself, not of a command. */
static bool refuse(lua_State *L, const char *text)
{
    lua_createtable(L, 0, 1);
    lua_pushfstring(L, "ERR %s", text);
    lua_setfield(L, -2, "err");
    return true;
}

bool run_command(lua_State *L)
{
    struct run *r = run_of(L);
    struct client *c = r->client;
    int argc = lua_gettop(L);
    if (chain_pending(&c->out))
        chain_take(&c->out, chain_pending(&c->out));
    if (!r->active || r->registering)
        return refuse(L, "redis.call/pcall can only be called inside a script invocation");
    if (argc == 0)
        return refuse(L, "Please specify at least one argument for this redis lib call");
    if (!gather(L, r, argc))
        return refuse(L, "Lua redis lib command arguments must be strings or integers");
    struct exec_request q = {.argv = r->argv, .argc = argc};
    exec_for_script(c, &r->rules, &q);
    struct bytes reply = reply_bytes(r);
    if (reply.n == 0)
        lua_pushnil(L);
    else
        convert_to_lua(L, reply);
    if (r->flat.cap > 1 << 20)
        buf_free(&r->flat);
    return reply.n && *reply.p == '-';
}
