/* A script or function while it runs: whose it is, what it may do, what it did; and the commands
 * that it calls. One a VM; the VM's owner. */
#ifndef SCRIPT_RUN_H
#define SCRIPT_RUN_H

#include "engine/exec.h"
#include "script/vm.h"

struct run {
    struct vm vm;
    struct engine *engine;
    struct client *client; /* commands run as this one */
    struct exec_script rules;
    bool active;
    bool registering; /* a library is being loaded: no commands, but functions are registered */
    bool busy;        /* others have been told */
    const char *kill; /* somebody wants it to end, with this error */
    bool is_function;
    char name[128]; /* of the function, or the script's digest */
    int64_t started_us, ticked_us;
    /* Scratch of run_command(). */
    struct bytes *argv;
    int argv_cap;
    struct buf numbers, flat;
    uint64_t random; /* math.random's state */
    void *library;   /* being loaded (script/library.h) */
};

void run_init(struct run *r, struct engine *engine, size_t limit);
void run_free(struct run *r);
/* Before user code, with the rules set; and after it. */
void run_begin(struct run *r, struct client *caller, bool readonly, bool allow_oom);
void run_end(struct run *r);
struct run *run_of(lua_State *L);
/* The arguments on the stack as a command; pushes its reply as a Lua value. True: it is an error.
 */
bool run_command(lua_State *L);

#endif
