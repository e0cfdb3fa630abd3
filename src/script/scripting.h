/* Scripts and functions of a server: the script cache, the libraries, and running them. One object,
 * made by the server, in engine.scripting. */
#ifndef SCRIPT_SCRIPTING_H
#define SCRIPT_SCRIPTING_H

#include "engine/call.h"

struct scripting;
struct script;
struct function;

struct scripting *scripting_new(struct engine *engine);
void scripting_free(struct scripting *s);

/* The parameters of a run; keys and arguments point into the call's argv. */
struct scripting_request {
    const struct bytes *keys, *args;
    int key_count, arg_count;
    bool readonly; /* the _RO forms */
};

/* What a script or function may do according to its flags. */
enum scripting_does {
    SCRIPTING_WRITES = 1,
    SCRIPTING_GROWS = 2,
    SCRIPTING_STALE = 4, /* run on a replica that must not serve stale data */
};
/* Parses the text's "#!lua" line. False: missing or wrong. */
bool scripting_declares(struct bytes text, unsigned *does);
unsigned scripting_function_does(const struct function *f);
/* By its digest (40 hexadecimal digits, case ignored); NULL: unknown. The script is owned by s, and
 * valid until the next scripting_add() or scripting_flush(). */
struct script *scripting_find(struct scripting *s, struct bytes digest);
/* By its text, compiled if new; NULL after an error reply. keep: SCRIPT LOAD, whose scripts stay
 * until a flush; others may be evicted. */
struct script *scripting_add(struct scripting *s, struct bytes text, bool keep,
                             struct reply *reply);
const char *scripting_digest(const struct script *x);
struct bytes scripting_text(const struct script *x);
void scripting_eval(struct call *call, struct script *x, const struct scripting_request *q);
/* Removes all scripts and whatever they left in the Lua state; none may be running. */
void scripting_flush(struct scripting *s);

/* ---- Functions */

enum scripting_load {
    SCRIPTING_NEW,     /* an error if the name exists */
    SCRIPTING_REPLACE, /* replaces a library of the same name */
    SCRIPTING_RESTORE, /* as NEW, with the error text of FUNCTION RESTORE */
};
/* Runs the code and adds the resulting library. Returns its name, owned by the library; NULL after
 * an error reply. */
const char *scripting_load(struct scripting *s, struct bytes code, enum scripting_load how,
                           struct reply *reply);
/* The number of failed calls of scripting_load(). */
uint64_t scripting_failures(const struct scripting *s);
bool scripting_delete(struct scripting *s, struct bytes library);
void scripting_flush_functions(struct scripting *s);
const struct function *scripting_function(struct scripting *s, struct bytes name);
void scripting_fcall(struct call *call, const struct function *f,
                     const struct scripting_request *q);
/* FUNCTION LIST: matching libraries, or all (pattern.p NULL). */
void scripting_list(struct scripting *s, struct bytes pattern, bool with_code, struct reply *reply);
void scripting_stats(struct scripting *s, struct reply *reply);
/* The code of the i-th library in the order of loading; n == 0 after the last. Cost: O(i). */
struct bytes scripting_library(struct scripting *s, size_t i);
/* For FUNCTION RESTORE: removes all libraries and returns them. The caller puts them back or drops
 * them. */
struct scripting_libraries *scripting_set_aside(struct scripting *s);
void scripting_put_back(struct scripting *s, struct scripting_libraries *aside);
/* Loads copies of the libraries set aside into s. False: one did not load. */
bool scripting_copy(struct scripting *s, const struct scripting_libraries *aside);
void scripting_drop(struct scripting_libraries *aside);

/* ---- The running script */

/* Asks the running script or function to end at its next turn. False after an error reply. */
bool scripting_kill(struct scripting *s, bool function, struct reply *reply);
/* For shutdown: as scripting_kill(), without a reply. False: it has written, and continues. */
bool scripting_interrupt(struct scripting *s, const char *why);
bool scripting_runs_function(const struct scripting *s);

struct scripting_memory {
    size_t eval_vm, function_vm; /* bytes of the Lua states */
    size_t scripts, script_count;
    size_t libraries, library_count, function_count;
};
void scripting_memory(const struct scripting *s, struct scripting_memory *out);
/* Bytes of all Lua states. Cost: a read. */
size_t scripting_machines(void);

#endif
