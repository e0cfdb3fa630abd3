/* One Lua state (Debian's Lua 5.1: docs/decisions): its memory, bounded; its time, watched; C's
 * stack, bounded; its chunks, text only. What the code inside can reach is script/sandbox.h's
 * business.
 *
 * Nothing here throws but what says so: everything that may raise a Lua error runs under
 * vm_protect(). */
#ifndef SCRIPT_VM_H
#define SCRIPT_VM_H

#include "base/bytes.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdint.h>

struct vm {
    lua_State *L;
    lua_State *volatile current; /* the coroutine that runs, or L */
    size_t used;                 /* bytes that the state has taken */
    size_t limit;                /* most that it may take while bounded; 0: none */
    size_t floor;                /* used, after the last whole collection */
    size_t collect_at;           /* while bounded: collect as soon as so much is used */
    bool bounded;                /* code of a user runs */
    bool refused;                /* it met the limit */
    bool wants_collection;       /* the allocator asks for it, which may not do it itself */
    bool parsing;                /* no collection: the parser holds what nothing else refers to */
    const char *stack;           /* where C's stack was when the code began */
    int resumes;                 /* coroutines within coroutines now */
    void *owner;                 /* the run's state, for the libraries */
    /* Called from time to time while code runs longer than VM_PATIENCE_US. Returns NULL, or an
     * error that ends the code: it cannot be caught. */
    const char *(*tick)(struct vm *vm);
    const char *ended; /* what tick() said */
};

#define VM_PATIENCE_US 20000
/* Between two calls of tick(), at least. */
#define VM_TURN_US 1000

void vm_init(struct vm *vm, size_t limit);
void vm_free(struct vm *vm);
/* Each becomes the other; none runs. */
void vm_swap(struct vm *a, struct vm *b);
/* The state that a library function runs in. */
struct vm *vm_of(lua_State *L);
/* Calls f with context as its one argument (a light userdata) under protection; results are left
 * on the stack by nobody. 0 or a LUA_ERR code, the error's value then is on the stack. */
int vm_protect(struct vm *vm, lua_CFunction f, void *context);
/* User code begins or ends: memory is bounded, time is watched between them. At the end what is no
 * longer needed is collected if it is much. */
void vm_enter(struct vm *vm);
void vm_leave(struct vm *vm);
/* Collects everything now; no code runs. */
void vm_collect(struct vm *vm);
/* For functions in C that are about to allocate much: so many bytes, after a collection if there
 * would be little left. */
void vm_reserve(lua_State *L, size_t n);
/* For functions in C that may take long or that call Lua functions in a loop: lets tick() have its
 * turn; raises. Cost: one load, unless a turn is due. */
void vm_poll(lua_State *L);
/* For functions in C that catch errors: raises again what may not be caught. */
void vm_check_ended(lua_State *L);
/* For functions in C that call back and need much stack themselves. Raises: C stack overflow. */
void vm_check_stack(lua_State *L);
/* lua_resume() of co by L, whose coroutine it becomes meanwhile. Raises: C stack overflow. */
int vm_resume(lua_State *L, lua_State *co, int argument_count);
/* Compiles text (never bytecode) and pushes the function, or an error message. name as Lua wants
 * chunk names: "@user_script". 0 or a LUA_ERR code. May raise for lack of memory. */
int vm_load(lua_State *L, struct bytes text, const char *name);
/* Bytes that all states together have taken. */
size_t vm_total(void);

#endif
