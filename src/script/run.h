/* A running script or function: its caller, rights and state, and the commands that it calls. There
 * is one struct run for scripts and one for functions; vm.owner points to it in every VM opened by
 * run_open(). */
#ifndef SCRIPT_RUN_H
#define SCRIPT_RUN_H

#include "engine/exec.h"
#include "script/vm.h"

struct run {
    struct vm *vm; /* the VM it runs in */
    struct engine *engine;
    struct client *client; /* commands run as this client; owned */
    struct exec_script rules;
    bool active;
    bool registering; /* a library is being loaded: may register functions, not call commands */
    bool compiling;   /* a script is being compiled */
    bool busy;        /* above busy-reply-threshold: other clients get turns */
    const char *kill; /* end with this error at the next turn; or NULL */
    bool is_function;
    char name[128];                  /* of the function, or the script's digest */
    const struct bytes *argv_called; /* the arguments of the call, while it runs */
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
/* Initialises vm for runs of r; open() fills its state (sandbox_open). The caller frees it. */
void run_open(struct run *r, struct vm *vm, lua_CFunction open);
/* To be called around user code in vm. Commands run with the rights and the database of caller. */
void run_begin(struct run *r, struct vm *vm, struct client *caller, bool readonly, bool allow_oom);
void run_end(struct run *r);
/* To be called around compiling a script or loading a library (the caller sets compiling or
 * registering, run_prepared() clears them). The time is limited, and no command can be called. */
void run_prepare(struct run *r, struct vm *vm);
void run_prepared(struct run *r);
struct run *run_of(lua_State *L);
/* Runs the values on the stack as a command; pushes its reply as a Lua value. True: it is an error.
 * Raises on lack of memory. */
bool run_command(lua_State *L);

#endif
