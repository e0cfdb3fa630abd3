/* Scripts and functions of a server: the cache of scripts, the libraries, and running them. One
 * object, made by the server, behind engine.scripting. */
#ifndef SCRIPT_SCRIPTING_H
#define SCRIPT_SCRIPTING_H

#include "engine/call.h"

/* Scripts that came by EVAL and were not loaded: so many stay, the most recently used. */
#define SCRIPTING_TRANSIENT 500

struct scripting;
struct script;
struct function;

struct scripting *scripting_new(struct engine *engine);
void scripting_free(struct scripting *s);

/* What to run: keys and arguments lie in the call's argv. */
struct scripting_request {
    const struct bytes *keys, *args;
    int key_count, arg_count;
    bool readonly; /* the _RO forms */
};

/* By its digest (40 hex digits, case ignored); NULL: unknown. */
/* What a script or function may do by its own declaration. */
enum scripting_does { SCRIPTING_WRITES = 1, SCRIPTING_GROWS = 2 };
/* False: the script declares nothing. */
bool scripting_declares(struct bytes text, unsigned *does);
unsigned scripting_function_does(const struct function *f);
struct script *scripting_find(struct scripting *s, struct bytes digest);
/* By its text, compiled when it is new; NULL after an error reply. keep: as SCRIPT LOAD. */
struct script *scripting_add(struct scripting *s, struct bytes text, bool keep,
                             struct reply *reply);
const char *scripting_digest(const struct script *x);
struct bytes scripting_text(const struct script *x);
void scripting_eval(struct call *call, struct script *x, const struct scripting_request *q);
/* All scripts go. */
void scripting_flush(struct scripting *s);

/* ---- Functions */

/* Loads a library; the name (40 and more characters) belongs to the caller. NULL after an error
 * reply. */
enum scripting_load {
    SCRIPTING_NEW,     /* there is none of its name */
    SCRIPTING_REPLACE, /* in place of one of its name */
    SCRIPTING_RESTORE, /* as NEW, from FUNCTION RESTORE */
};
const char *scripting_load(struct scripting *s, struct bytes code, enum scripting_load how,
                           struct reply *reply);
/* How many libraries could not be loaded. */
uint64_t scripting_failures(const struct scripting *s);
bool scripting_delete(struct scripting *s, struct bytes library);
void scripting_flush_functions(struct scripting *s);
const struct function *scripting_function(struct scripting *s, struct bytes name);
void scripting_fcall(struct call *call, const struct function *f,
                     const struct scripting_request *q);
/* FUNCTION LIST: libraries that match, or all (pattern.p NULL). */
void scripting_list(struct scripting *s, struct bytes pattern, bool with_code, struct reply *reply);
void scripting_stats(struct scripting *s, struct reply *reply);
/* The code of each library, in the order they were loaded: the i-th, or n == 0. */
struct bytes scripting_library(struct scripting *s, size_t i);
/* For FUNCTION RESTORE: takes all libraries away, to be dropped or put back. */
struct scripting_libraries *scripting_set_aside(struct scripting *s);
void scripting_put_back(struct scripting *s, struct scripting_libraries *aside);
/* Loads those set aside once more, beside. False: it failed. */
bool scripting_copy(struct scripting *s, const struct scripting_libraries *aside);
void scripting_drop(struct scripting_libraries *aside);

/* ---- What runs now */

/* Asks what runs to end. False after an error reply. */
bool scripting_kill(struct scripting *s, bool function, struct reply *reply);
/* For the end of the server: as KILL, without a reply. False: it has written already. */
bool scripting_interrupt(struct scripting *s);
bool scripting_runs_function(const struct scripting *s);

struct scripting_memory {
    size_t eval_vm, function_vm; /* bytes of the Lua states */
    size_t scripts, script_count;
    size_t libraries, library_count, function_count;
};
void scripting_memory(const struct scripting *s, struct scripting_memory *out);
/* Bytes of all Lua states together. Cost: a read. */
size_t scripting_machines(void);

#endif
