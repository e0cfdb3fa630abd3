/* A running script or function, and the commands it calls.
 *
 * States of a struct run:
 *   idle          active, compiling and registering are false; client->caller is NULL
 *   preparing     run_prepare() to run_prepared(): code is compiled, or a library loaded. It can
 *                 call no command, other clients get no turn, and it ends after COMPILE_US or
 *                 LOAD_US (except while the server loads its files)
 *   active        run_begin() to run_end(): commands run as r->client, with the caller's database,
 *                 id and rights (client->caller), and the clock is frozen
 *   busy          active for longer than busy-reply-threshold: tick() lets the event loop serve
 *                 others every TICK_US, who may only use commands allowed under ENGINE_BUSY
 *
 * A command: its arguments are collected without copying (numbers as text in r->numbers),
 * exec_for_script() runs it, and its reply, flattened into r->flat, becomes a Lua value.
 *
 * What ends a run early: SCRIPT KILL, FUNCTION KILL and shutdown set r->kill, which tick() returns
 * at its next turn; the VM then raises an error that Lua code cannot catch (script/vm.h). Effects
 * of completed commands stay. */
#include "script/run.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "engine/state.h"
#include "script/convert.h"

#include <stdlib.h>

#define LOAD_US    500000  /* the most that loading a library may take */
#define COMPILE_US 5000000 /* the most that compiling a script may take */
#define TICK_US    1000    /* between turns of other clients while a script is busy */

/* No other client is served while code is compiled or a library is loaded, so the time is limited;
 * not at startup, since a library that was accepted once must load again. */
static const char *tick_preparing(const struct run *r)
{
    int64_t took_us = clock_mono_us() - r->started_us;
    if (r->engine->slow_path & ENGINE_LOADING)
        return NULL;
    if (r->registering)
        return took_us > LOAD_US ? "FUNCTION LOAD timeout" : NULL;
    return took_us > COMPILE_US ? "compiling takes too long" : NULL;
}

static const char *tick(struct vm *vm)
{
    struct run *r = vm->owner;
    struct engine *e = r->engine;
    int64_t now_us = clock_mono_us();
    long long threshold_ms = e->settings->busy_reply_threshold;
    if (r->registering || r->compiling)
        return tick_preparing(r);
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
    /* Other clients may now run commands allowed under ENGINE_BUSY, which neither read nor write
     * data. */
    bool bounded = vm->bounded;
    vm->bounded = false;
    e->busy_function = r->is_function;
    state_set(e, ENGINE_BUSY, true);
    if (!e->services.busy_turn(e->services.context))
        r->kill = "The server is shutting down."; /* SHUTDOWN NOSAVE: even if it has written */
    state_set(e, ENGINE_BUSY, false);
    vm->bounded = bounded;
    r->ticked_us = clock_mono_us();
    return r->kill;
}

void run_init(struct run *r, struct engine *engine)
{
    *r = (struct run){.engine = engine, .random = 0x330e};
    r->client = client_new_internal(engine, CLIENT_SCRIPT);
}

void run_free(struct run *r)
{
    client_free(r->client);
    mem_free(r->argv);
    buf_free(&r->numbers);
    buf_free(&r->flat);
}

void run_open(struct run *r, struct vm *vm, lua_CFunction open)
{
    vm_init(vm, (size_t)r->engine->settings->script_memory_limit);
    vm->owner = r;
    vm->tick = tick;
    int failed = vm_protect(vm, open, NULL);
    ASSERT(!failed);
    vm->floor = vm->used;
}

void run_prepare(struct run *r, struct vm *vm)
{
    ASSERT(!r->active && r->compiling != r->registering);
    r->vm = vm;
    r->started_us = clock_mono_us();
    vm_enter(vm);
}

void run_prepared(struct run *r)
{
    vm_leave(r->vm);
    r->registering = r->compiling = false;
}

void run_begin(struct run *r, struct vm *vm, struct client *caller, bool readonly, bool allow_oom)
{
    struct engine *e = r->engine;
    ASSERT(!r->active && !r->compiling && !r->registering);
    r->vm = vm;
    r->rules = (struct exec_script){.readonly = readonly};
    if ((e->slow_path & ENGINE_MAXMEMORY) && !allow_oom)
        r->rules.no_memory = !e->services.make_room(e->services.context);
    /* The clock is frozen: all commands of the script see the same time. */
    r->froze = state_freeze_clock(e);
    r->client->db = caller->db;
    r->client->reply.resp = 2;
    r->client->flags =
        CLIENT_SCRIPT | (caller->flags & (CLIENT_REPLAY | CLIENT_PRIMARY | CLIENT_DURABLE));
    r->client->id = caller->id;
    r->client->caller = caller;
    r->active = true;
    r->busy = false;
    r->kill = NULL;
    r->started_us = r->ticked_us = clock_mono_us();
    caller->flags |= CLIENT_RUNNING;
    vm_enter(vm);
}

void run_end(struct run *r)
{
    ASSERT(r->active && r->client->caller);
    vm_leave(r->vm);
    r->active = false;
    r->client->caller->flags &= ~(unsigned)CLIENT_RUNNING;
    r->client->caller = NULL;
    if (r->froze)
        state_thaw_clock(r->engine);
    r->argv_called = NULL;
    r->argc_called = 0;
    chain_free(&r->client->out);
}

struct run *run_of(lua_State *L)
{
    return vm_of(L)->owner;
}

/* Expands an integer in exponential form, "1.25e+17", to plain digits. */
static size_t expand_exponent(char *to, size_t n)
{
    char digits[NUM_DOUBLE_MAX];
    const char *e = memchr(to, 'e', n);
    size_t k = 0, sign = to[0] == '-';
    if (!e)
        return n;
    for (const char *p = to + sign; p < e; p++)
        if (*p != '.')
            digits[k++] = *p;
    size_t places = (size_t)atoi(e + 1) + 1;
    memset(to + sign, '0', places);
    memcpy(to + sign, digits, k < places ? k : places);
    return sign + places;
}

/* Numbers as arguments of commands: in the shortest form that parses to the same number, and
 * integers of up to 64 bits without an exponent. */
static struct bytes number_text(struct run *r, double v)
{
    char *to = buf_room(&r->numbers, NUM_DOUBLE_MAX);
    bool whole = v >= -9223372036854775808.0 && v < 9223372036854775808.0;
    whole = whole && v == (double)(long long)v;
    size_t n;
    if (whole && v > -9007199254740992.0 && v < 9007199254740992.0) {
        n = num_print_int(to, (long long)v);
    } else {
        n = num_print_shortest(to, v);
        to[n] = 0;
        if (whole)
            n = expand_exponent(to, n);
    }
    r->numbers.n += n;
    return bytes_of(to, n);
}

/* Collects the arguments; false: not all are strings or numbers. */
static bool gather(lua_State *L, struct run *r, int argc)
{
    if (argc > r->argv_cap) {
        r->argv_cap = argc > 16 ? argc * 2 : 32;
        r->argv = mem_realloc(r->argv, (size_t)r->argv_cap * sizeof(*r->argv));
    }
    r->numbers.n = 0;
    buf_room(&r->numbers, (size_t)argc * NUM_DOUBLE_MAX); /* must not move, since arguments point
                                                           * into it */
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

/* The reply as contiguous bytes, followed by a NUL. */
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

/* Returns an error of the call itself, not of a command. */
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
    c->out.most = &c->engine->settings->script_memory_limit;
    exec_for_script(c, &r->rules, &q);
    if (c->out.lost) {
        chain_free(&c->out);
        return refuse(L, "The reply is larger than script-memory-limit");
    }
    struct bytes reply = reply_bytes(r);
    lua_settop(L, 0); /* the arguments may fill the stack */
    if (reply.n == 0)
        lua_pushnil(L);
    else
        convert_to_lua(L, reply);
    bool failed = reply.n && *reply.p == '-';
    if (r->flat.cap > 1 << 20)
        buf_free(&r->flat);
    return failed;
}
