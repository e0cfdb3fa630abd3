/* A Lua state (Debian's Lua 5.1: docs/decisions) with limited memory, time and C stack, which loads
 * text and never bytecode. The environment of its code: script/sandbox.h.
 *
 * Only functions documented with "raises" raise Lua errors; they, and calls into Lua, must run
 * under vm_protect(). */
#ifndef SCRIPT_VM_H
#define SCRIPT_VM_H

#include "base/bytes.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdint.h>

struct vm {
    lua_State *L;
    lua_State *volatile current; /* the running coroutine, or L */
    size_t used;                 /* bytes allocated by the state */
    size_t limit;                /* maximum of used while bounded; 0: no limit */
    size_t floor;                /* used after the last full collection */
    size_t collect_at;           /* while bounded: collect when used exceeds this */
    bool bounded;                /* user code runs */
    bool refused;                /* an allocation was refused since vm_enter() */
    bool wants_collection;       /* requested by the allocator, which must not collect itself */
    bool parsing;                /* do not collect: the parser holds otherwise unreferenced objects
                                  */
    const char *stack;           /* the C stack pointer when the code began */
    int resumes;                 /* nested coroutines at present */
    void *owner;                 /* the run's state, for the libraries */
    /* Called periodically while code runs longer than VM_PATIENCE_US. Returns NULL, or an error
     * that ends the code and cannot be caught. */
    const char *(*tick)(struct vm *vm);
    const char *ended; /* the error that tick() returned */
};

#define VM_PATIENCE_US 20000
/* The least time between two calls of tick(). */
#define VM_TURN_US 1000

void vm_init(struct vm *vm, size_t limit);
void vm_free(struct vm *vm);
/* Exchanges two states, neither of which is running. */
void vm_swap(struct vm *a, struct vm *b);
/* The state that a library function runs in. */
struct vm *vm_of(lua_State *L);
/* Calls f with context as its only argument (a light userdata) and catches errors. Returns 0 with
 * nothing on the stack, or a LUA_ERR code with the error value on it. */
int vm_protect(struct vm *vm, lua_CFunction f, void *context);
/* To be called around user code, whose memory and time are then limited. vm_leave() collects
 * garbage if there may be much of it, which can take milliseconds. */
void vm_enter(struct vm *vm);
void vm_leave(struct vm *vm);
/* A full garbage collection, while no code runs. Cost: O(objects of the state). */
void vm_collect(struct vm *vm);
/* For C functions about to allocate n bytes: collects garbage if that would bring the state close
 * to its limit. Allocates nothing. */
void vm_reserve(lua_State *L, size_t n);
/* For C functions that may take long or call Lua functions in a loop: calls tick() if it is due;
 * raises the error it returns. Cost: one load, unless a turn is due. */
void vm_poll(lua_State *L);
/* For C functions that catch errors: raises the error that ends the run again. */
void vm_check_ended(lua_State *L);
/* For C functions that call back and need much stack. Raises "C stack overflow". */
void vm_check_stack(lua_State *L);
/* lua_resume() of co from L. Raises "C stack overflow", and the error of tick(). */
int vm_resume(lua_State *L, lua_State *co, int argument_count);
/* Compiles text (never bytecode) and pushes the function, or an error message. name: a Lua chunk
 * name, such as "@user_script". Returns 0 or a LUA_ERR code. Raises on lack of memory, and the
 * error of tick(). */
int vm_load(lua_State *L, struct bytes text, const char *name);
/* Bytes allocated by all states of the process. */
size_t vm_total(void);

#endif
