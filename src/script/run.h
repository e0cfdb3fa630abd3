/* A script or function while it runs: whose it is, what it may do, what it did; and the commands
 * that it calls. The owner of the VMs that were opened for it: that of scripts, or those of the
 * libraries of functions. */
#ifndef SCRIPT_RUN_H
#define SCRIPT_RUN_H

#include "engine/exec.h"
#include "script/vm.h"

struct run {
    struct vm *vm; /* where it runs */
    struct engine *engine;
    struct client *client; /* commands run as this one */
    struct exec_script rules;
    bool active;
    bool registering; /* a library is being loaded: no commands, but functions are registered */
    bool compiling;   /* a script is being compiled */
    bool busy;        /* others have been told */
    const char *kill; /* somebody wants it to end, with this error */
    bool is_function;
    char name[128];                  /* of the function, or the script's digest */
    const struct bytes *argv_called; /* the words of the call, while it runs */
    int argc_called;
    bool froze; /* it froze the clock */
    int64_t started_us, ticked_us;
    /* Scratch of run_command(). */
    struct bytes *argv;
    int argv_cap;
    struct buf numbers, flat;
    uint64_t random; /* math.random's state */
    void *library;   /* being loaded (script/library.h) */
};

void run_init(struct run *r, struct engine *engine);
void run_free(struct run *r);
/* Makes a VM for it, of which open() makes a sandbox. */
void run_open(struct run *r, struct vm *vm, lua_CFunction open);
/* Before user code in vm, with the rules set; and after it. */
void run_begin(struct run *r, struct vm *vm, struct client *caller, bool readonly, bool allow_oom);
void run_end(struct run *r);
/* Compiling or loading begins (with its flag set) and ends: watched, but without commands. */
void run_prepare(struct run *r, struct vm *vm);
void run_prepared(struct run *r);
struct run *run_of(lua_State *L);
/* The arguments on the stack as a command; pushes its reply as a Lua value. True: it is an error.
 */
bool run_command(lua_State *L);

#endif
