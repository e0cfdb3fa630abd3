/* Libraries of functions: text that registers functions when it is run once. */
#ifndef SCRIPT_LIBRARY_H
#define SCRIPT_LIBRARY_H

#include "base/str.h"
#include "ds/dict.h"
#include "ds/dlist.h"
#include "script/run.h"

enum function_flag {
    FUNCTION_NO_WRITES = 1 << 0,
    FUNCTION_ALLOW_OOM = 1 << 1,
    FUNCTION_ALLOW_STALE = 1 << 2,
    FUNCTION_NO_CLUSTER = 1 << 3,
    FUNCTION_CROSS_SLOT = 1 << 4,
};

struct function {
    struct dlist_node node; /* in library.functions */
    struct library *library;
    struct str *name, *description; /* description may be NULL */
    unsigned flags;
    int ref; /* in the registry of the library's VM */
};

struct library {
    struct dlist_node node; /* in libraries.all */
    char name[64];
    struct str *code;
    struct dlist_node functions;
    struct vm vm; /* its own: what it keeps is bounded, and goes with it */
};

struct libraries {
    struct dict by_name;
    struct dict functions; /* by their names in small letters */
    struct dlist_node all;
};

void library_init(struct libraries *l);
/* The parts of "#!lua name=x"; false after an error reply. */
bool library_parse_head(struct bytes code, char name[64], size_t *head, struct reply *reply);
/* Makes a library by running its code; not yet among the libraries. NULL after an error reply. */
struct library *library_load(struct run *r, struct bytes code, struct reply *reply);
/* Runs its code once more, in a new VM: what its functions have kept is gone. */
void library_reload(struct run *r, struct library *x);
/* By its name, whatever the case of its letters; NULL: unknown. */
const struct function *library_function(const struct libraries *l, struct bytes name);
/* False (with an error reply): a function of that name exists in another library than replaced. */
bool library_fits(const struct libraries *l, const struct library *x,
                  const struct library *replaced, struct reply *reply);
void library_add(struct libraries *l, struct library *x);
void library_remove(struct libraries *l, struct library *x);
void library_free(struct library *x);
unsigned library_flag(struct bytes word);
const char *library_flag_name(unsigned bit);

#endif
