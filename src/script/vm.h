/* One Lua state (Debian's Lua 5.1: docs/decisions) with bounded memory, watched time and a bounded
 * C stack, that loads text and never bytecode. What the code inside can reach: script/sandbox.h.
 *
 * Only functions that say "raises" raise a Lua error; whoever calls one of them, or calls Lua, does
 * it under vm_protect(). */
#ifndef SCRIPT_VM_H
#define SCRIPT_VM_H

#include "base/bytes.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdint.h>

struct vm {
    lua_State *L;
    lua_State *volatile current; /* the coroutine that runs, or L */
    size_t used;                 /* bytes that the state has allocated */
    size_t limit;                /* the most it may allocate while bounded; 0: no limit */
    size_t floor;                /* used, after the last full collection */
    size_t collect_at;           /* while bounded: collect when used is above this */
    bool bounded;                /* code of a user runs */
    bool refused;                /* an allocation was refused since vm_enter() */
    bool wants_collection;       /* asked for by the allocator, which must not collect */
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
/* Exchanges two states; neither runs. */
void vm_swap(struct vm *a, struct vm *b);
/* The state that a library function runs in. */
struct vm *vm_of(lua_State *L);
/* Calls f with context as its one argument (a light userdata) and catches errors. Returns 0 and
 * leaves nothing on the stack, or a LUA_ERR code and leaves the error's value. */
int vm_protect(struct vm *vm, lua_CFunction f, void *context);
/* Around user code: between them memory is bounded and time is watched. vm_leave() collects garbage
 * if there may be much of it, which can take milliseconds. */
void vm_enter(struct vm *vm);
void vm_leave(struct vm *vm);
/* A full garbage collection, while no code runs. Cost: all that the state holds. */
void vm_collect(struct vm *vm);
/* For functions in C that are about to allocate n bytes: collects garbage if they would bring the
 * state close to its limit. Allocates nothing. */
void vm_reserve(lua_State *L, size_t n);
/* For functions in C that may take long or that call Lua functions in a loop: calls tick() if
 * it is due; raises what it returns. Cost: one load, unless a turn is due. */
void vm_poll(lua_State *L);
/* For functions in C that catch errors: raises again what may not be caught. */
void vm_check_ended(lua_State *L);
/* For functions in C that call back and need much stack themselves. Raises: C stack overflow. */
void vm_check_stack(lua_State *L);
/* lua_resume() of co from L. Raises "C stack overflow", and what tick() returned. */
int vm_resume(lua_State *L, lua_State *co, int argument_count);
/* Compiles text (never bytecode) and pushes the function, or an error message. name:
 * a chunk name as Lua defines them, "@user_script". Returns 0 or a LUA_ERR code. Raises for lack of
 * memory, and what tick() returned. */
int vm_load(lua_State *L, struct bytes text, const char *name);
/* Bytes that all states of the process have allocated. */
size_t vm_total(void);

#endif
