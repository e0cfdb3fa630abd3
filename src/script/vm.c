/* A Lua state with limited memory, time and C stack, and text-only chunks.
 *
 * User code runs between vm_enter() and vm_leave().
 *
 * Memory: allocate() counts all bytes and refuses to exceed the limit (Lua then raises "not enough
 * memory"). Lua's incremental collector may be too slow for that, so above collect_at the allocator
 * requests a full collection, which the hook performs before the next instruction: the allocator
 * itself must not collect.
 *
 * Time: an alarm fires VM_PATIENCE_US after the code began. Its handler only calls lua_sethook();
 * the hook runs at the next instruction, calls turn(), and turn() calls vm->tick() and arms the
 * alarm again for VM_TURN_US. Functions in C execute no instructions: they call vm_poll(), which
 * reads `due`. An alarm that was armed for an earlier run only arms a new one (run_number).
 *
 * Ending: an error from tick() is kept in vm->ended, the hook is set for every instruction, and
 * each one raises it again: a pcall cannot suppress it.
 *
 * C stack: coroutines nest on it. vm_resume() limits their number and the stack in use. */
#include "script/vm.h"

#include "base/alarm.h"
#include "base/assert.h"
#include "base/mem.h"

#include <sys/resource.h>

#define PIECE        1024 /* bytes of text passed to the parser at once */
#define RESUMES_MOST 190  /* about Lua's limit of C calls */

/* State for the alarm's signal handler. */
static struct vm *volatile running;
static volatile uint64_t run_number, armed_for; /* armed_for 0: not armed */
static volatile bool due;                       /* a call of tick() is due */

static void hook(lua_State *L, lua_Debug *ar);

/* Makes the hook run before the next instruction. May be called from the signal handler, as
 * lua_sethook() permits. */
static void interrupt(struct vm *vm)
{
    due = true;
    lua_sethook(vm->current, hook, LUA_MASKCOUNT, 1);
}

/* ---- Memory */

static size_t total;

size_t vm_total(void)
{
    return total;
}

static void *allocate(void *context, void *block, size_t old, size_t n)
{
    struct vm *vm = context;
    if (n == 0) {
        ASSERT(old <= vm->used && old <= total);
        vm->used -= old;
        total -= old;
        mem_free(block);
        return NULL;
    }
    if (vm->bounded && vm->limit && n > old) {
        if (vm->used + (n - old) > vm->limit) {
            vm->refused = true;
            return NULL;
        }
        if (vm->used > vm->collect_at && !vm->wants_collection) {
            vm->wants_collection = true;
            interrupt(vm);
        }
    }
    void *moved = block ? mem_try_realloc(block, n) : mem_try_alloc(n);
    if (moved) {
        vm->used += n - old;
        total += n - old;
    }
    return moved ? moved : n < old ? block : NULL;
}

/* The next collection: at three quarters of the limit, or halfway from here to it. */
static void plan_collection(struct vm *vm)
{
    vm->collect_at = vm->limit - vm->limit / 4;
    if (vm->used > vm->collect_at && vm->used < vm->limit)
        vm->collect_at = vm->used + (vm->limit - vm->used) / 2;
}

static void collect(struct vm *vm, lua_State *L)
{
    bool bounded = vm->bounded;
    vm->bounded = false; /* the collector allocates too */
    lua_gc(L, LUA_GCCOLLECT, 0);
    vm->bounded = bounded;
    vm->wants_collection = false;
    vm->floor = vm->used;
    plan_collection(vm);
}

struct vm *vm_of(lua_State *L)
{
    void *vm;
    lua_getallocf(L, &vm);
    return vm;
}

void vm_collect(struct vm *vm)
{
    collect(vm, vm->L);
}

void vm_reserve(lua_State *L, size_t n)
{
    struct vm *vm = vm_of(L);
    if (vm->bounded && vm->limit && vm->used + n > vm->collect_at && !vm->parsing)
        collect(vm, L);
}

static int panic(lua_State *L)
{
    const char *text = lua_tostring(L, -1);
    ASSERT(!text && "a Lua error outside of protection");
    return 0;
}

/* ---- Time */

static void turn(struct vm *vm, lua_State *L)
{
    due = false;
    if (vm->wants_collection && !vm->parsing)
        collect(vm, L);
    if (!vm->ended && vm->tick)
        vm->ended = vm->tick(vm);
    if (vm->ended) {
        due = true;
    } else if (!armed_for) {
        armed_for = run_number;
        alarm_arm(VM_TURN_US);
    }
}

void vm_check_ended(lua_State *L)
{
    struct vm *vm = vm_of(L);
    if (vm->ended)
        luaL_error(L, "%s", vm->ended);
}

void vm_poll(lua_State *L)
{
    if (__builtin_expect(due, 0)) {
        turn(vm_of(L), L);
        vm_check_ended(L);
    }
}

static void hook(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    struct vm *vm = vm_of(L);
    lua_sethook(L, NULL, 0, 0);
    if (running != vm)
        return; /* the hook of a coroutine left by an earlier run */
    turn(vm, L);
    if (vm->ended) {
        /* Raised again at once if caught. */
        lua_sethook(L, hook, LUA_MASKCOUNT, 1);
        vm_check_ended(L);
    }
}

static void on_alarm(void)
{
    struct vm *vm = running;
    bool same = armed_for == run_number;
    armed_for = 0;
    if (vm && !same) {
        armed_for = run_number;
        alarm_arm(VM_PATIENCE_US);
    } else if (vm) {
        interrupt(vm);
    }
}

void vm_init(struct vm *vm, size_t limit)
{
    *vm = (struct vm){.limit = limit};
    vm->L = lua_newstate(allocate, vm);
    ASSERT(vm->L);
    vm->current = vm->L;
    lua_atpanic(vm->L, panic);
}

void vm_free(struct vm *vm)
{
    if (vm->L)
        lua_close(vm->L);
    vm->L = NULL;
}

void vm_swap(struct vm *a, struct vm *b)
{
    ASSERT(running != a && running != b);
    struct vm was = *a;
    *a = *b;
    *b = was;
    lua_setallocf(a->L, allocate, a);
    lua_setallocf(b->L, allocate, b);
}

int vm_protect(struct vm *vm, lua_CFunction f, void *context)
{
    return lua_cpcall(vm->L, f, context);
}

void vm_enter(struct vm *vm)
{
    ASSERT(!running && !vm->bounded);
    vm->ended = NULL;
    vm->refused = false;
    vm->current = vm->L;
    vm->resumes = 0;
    vm->stack = __builtin_frame_address(0);
    plan_collection(vm);
    vm->bounded = true;
    due = false;
    run_number++;
    running = vm;
    if (!armed_for) {
        /* Created late, since a timer does not survive the fork of daemonize. */
        static bool made;
        if (!made)
            alarm_make(on_alarm);
        made = true;
        armed_for = run_number;
        alarm_arm(VM_PATIENCE_US);
    }
}

void vm_leave(struct vm *vm)
{
    ASSERT(running == vm);
    running = NULL;
    due = false;
    vm->bounded = false;
    vm->current = vm->L;
    vm->ended = NULL;
    if (lua_gethookmask(vm->L))
        lua_sethook(vm->L, NULL, 0, 0);
    /* The next code must not hit the limit because of this code's garbage, which the collector
     * might not free in time. */
    if (vm->limit && (vm->refused || vm->used > vm->floor + vm->limit / 4))
        collect(vm, vm->L);
    vm->wants_collection = false;
}

/* ---- C's stack */

/* Lua limits the C calls within one coroutine (200), but not nested coroutines: we limit their
 * number, and the stack in use when one is resumed, which may need 200 more C calls. */
static size_t stack_most(void)
{
    static size_t most;
    struct rlimit l;
    if (most == 0) {
        most = 2 << 20;
        if (getrlimit(RLIMIT_STACK, &l) == 0 && l.rlim_cur != RLIM_INFINITY &&
            l.rlim_cur / 4 < most)
            most = (size_t)l.rlim_cur / 4;
    }
    return most;
}

static size_t stack_used(const struct vm *vm)
{
    const char *here = __builtin_frame_address(0);
    return vm->stack > here ? (size_t)(vm->stack - here) : 0;
}

void vm_check_stack(lua_State *L)
{
    if (stack_used(vm_of(L)) > 2 * stack_most())
        luaL_error(L, "C stack overflow");
}

static void become(struct vm *vm, lua_State *L)
{
    vm->current = L;
    if (due)
        lua_sethook(L, hook, LUA_MASKCOUNT, 1);
}

int vm_resume(lua_State *L, lua_State *co, int argument_count)
{
    struct vm *vm = vm_of(L);
    if (vm->resumes >= RESUMES_MOST || stack_used(vm) > stack_most())
        luaL_error(L, "C stack overflow");
    vm->resumes++;
    become(vm, co);
    int status = lua_resume(co, argument_count);
    become(vm, L);
    vm->resumes--;
    ASSERT(vm->resumes >= 0);
    vm_check_ended(L);
    return status;
}

/* ---- Chunks */

struct text {
    const char *p, *end;
    bool blank; /* a blank is prepended */
};

/* The parser can take quadratic time, so it may be interrupted between pieces. */
static const char *next_piece(lua_State *L, void *context, size_t *n)
{
    struct text *t = context;
    vm_poll(L);
    if (t->blank) {
        t->blank = false;
        *n = 1;
        return " ";
    }
    const char *p = t->p;
    *n = (size_t)(t->end - p) < PIECE ? (size_t)(t->end - p) : PIECE;
    t->p += *n;
    return *n ? p : NULL;
}

int vm_load(lua_State *L, struct bytes text, const char *name)
{
    struct text t = {text.p, text.p + text.n, false};
    /* Lua recognises bytecode by its first byte, which is a syntax error after a blank. */
    t.blank = text.n && *text.p == *LUA_SIGNATURE;
    struct vm *vm = vm_of(L);
    /* The collector does not see the chunk's name (CVE-2025-49844) and some results during parsing:
     * so the name is kept on the stack and collection is stopped. */
    lua_pushstring(L, name);
    lua_gc(L, LUA_GCSTOP, 0);
    vm->parsing = true;
    int error = lua_load(L, next_piece, &t, name);
    vm->parsing = false;
    lua_gc(L, LUA_GCRESTART, 0);
    lua_remove(L, -2);
    vm_check_ended(L);
    return error;
}
