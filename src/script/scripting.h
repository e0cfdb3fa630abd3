/* Scripts and functions of a server: the cache of scripts, the libraries, and running them. One
 * object, made by the server, behind engine.scripting. */
#ifndef SCRIPT_SCRIPTING_H
#define SCRIPT_SCRIPTING_H

#include "engine/call.h"

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

/* What a script or function may do by its own declaration. */
enum scripting_does {
    SCRIPTING_WRITES = 1,
    SCRIPTING_GROWS = 2,
    SCRIPTING_STALE = 4, /* run on a replica that must not serve old data */
};
/* Reads the text's "#!lua" line. False: there is none, or it is wrong. */
bool scripting_declares(struct bytes text, unsigned *does);
unsigned scripting_function_does(const struct function *f);
/* By its digest (40 hexadecimal digits, case ignored); NULL: unknown. The script belongs to s, and
 * is valid until the next scripting_add() or scripting_flush(). */
struct script *scripting_find(struct scripting *s, struct bytes digest);
/* By its text, compiled when it is new; NULL after an error reply. keep: SCRIPT LOAD, whose scripts
 * stay until a flush; the others make room for newer ones. */
struct script *scripting_add(struct scripting *s, struct bytes text, bool keep,
                             struct reply *reply);
const char *scripting_digest(const struct script *x);
struct bytes scripting_text(const struct script *x);
void scripting_eval(struct call *call, struct script *x, const struct scripting_request *q);
/* Forgets all scripts and what they left in the Lua state; none runs. */
void scripting_flush(struct scripting *s);

/* ---- Functions */

enum scripting_load {
    SCRIPTING_NEW,     /* an error when one of its name exists */
    SCRIPTING_REPLACE, /* takes the place of one of its name */
    SCRIPTING_RESTORE, /* as NEW, with the error text of FUNCTION RESTORE */
};
/* Runs the code and keeps the library that it makes. Returns library.name, owned by the library;
 * NULL after an error reply. */
const char *scripting_load(struct scripting *s, struct bytes code, enum scripting_load how,
                           struct reply *reply);
/* How many calls of scripting_load() failed. */
uint64_t scripting_failures(const struct scripting *s);
bool scripting_delete(struct scripting *s, struct bytes library);
void scripting_flush_functions(struct scripting *s);
const struct function *scripting_function(struct scripting *s, struct bytes name);
void scripting_fcall(struct call *call, const struct function *f,
                     const struct scripting_request *q);
/* FUNCTION LIST: libraries that match, or all (pattern.p NULL). */
void scripting_list(struct scripting *s, struct bytes pattern, bool with_code, struct reply *reply);
void scripting_stats(struct scripting *s, struct reply *reply);
/* The code of the i-th library in the order of loading; n == 0 behind the last. Cost: O(i). */
struct bytes scripting_library(struct scripting *s, size_t i);
/* For FUNCTION RESTORE: takes all libraries away. The caller puts them back or drops them. */
struct scripting_libraries *scripting_set_aside(struct scripting *s);
void scripting_put_back(struct scripting *s, struct scripting_libraries *aside);
/* Loads the libraries set aside into s once more; they stay set aside. False: one did not load. */
bool scripting_copy(struct scripting *s, const struct scripting_libraries *aside);
void scripting_drop(struct scripting_libraries *aside);

/* ---- What runs now */

/* Asks the running script or function to end at its next turn. False after an error reply. */
bool scripting_kill(struct scripting *s, bool function, struct reply *reply);
/* For shutdown: as scripting_kill(), without a reply. False: it has written, and runs on. */
bool scripting_interrupt(struct scripting *s, const char *why);
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
