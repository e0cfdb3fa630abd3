/* One Lua state (LuaJIT with the compiler off: docs/decisions/0011): its memory, bounded; its time,
 * watched; its chunks, text only. What the code inside can reach is script/sandbox.h's business.
 *
 * Nothing here throws: everything that may raise a Lua error runs under vm_protect(). */
#ifndef SCRIPT_VM_H
#define SCRIPT_VM_H

#include "base/bytes.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdint.h>

struct vm {
    lua_State *L;
    size_t used;  /* bytes that the state has taken */
    size_t limit; /* most that it may take while bounded; 0: none */
    bool bounded; /* code of a user runs */
    void *owner;  /* the run's state, for the libraries */
    /* Called from time to time while code runs longer than VM_PATIENCE_US. Returns NULL, or an
     * error that ends the code: it cannot be caught. */
    const char *(*tick)(struct vm *vm);
    const char *ended; /* what tick() said */
};

#define VM_PATIENCE_US 20000
/* The name of a global function that answers its arguments (made by the sandbox). */
#define VM_SAME "\x80"

void vm_init(struct vm *vm, size_t limit);
void vm_free(struct vm *vm);
/* The state that a library function runs in. */
struct vm *vm_of(lua_State *L);
/* Calls f with context as its one argument (a light userdata) under protection; results are left
 * on the stack by nobody. 0 or a LUA_ERR code, the error's value then is on the stack. */
int vm_protect(struct vm *vm, lua_CFunction f, void *context);
/* User code begins or ends: memory is bounded, time is watched between them. */
void vm_enter(struct vm *vm);
void vm_leave(struct vm *vm);
/* For functions in C that may take long: lets tick() have its turn; raises. */
void vm_poll(lua_State *L);
/* Compiles text (never bytecode) and pushes the function, or an error message. name as Lua wants
 * chunk names: "@user_script". 0 or a LUA_ERR code. May raise for lack of memory. */
int vm_load(lua_State *L, struct bytes text, const char *name);

#endif
