/* Function libraries. The code of a library runs once, when it is loaded, and registers its
 * functions. */
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
    struct vm vm; /* its own, so that its memory is bounded and freed with it */
};

struct libraries {
    struct dict by_name;
    struct dict functions; /* by name in lower case */
    struct dlist_node all;
};

void library_init(struct libraries *l);
/* Parses the first line, "#!lua name=x". *head: its length. False after an error reply. */
bool library_parse_head(struct bytes code, char name[64], size_t *head, struct reply *reply);
/* Creates a library by running its code. The caller owns it until library_add(). NULL after an
 * error reply. */
struct library *library_load(struct run *r, struct bytes code, struct reply *reply);
/* Runs its code again in a new Lua state, which frees everything its functions have kept. The
 * struct functions stay valid. If the code fails this time, nothing changes. */
void library_reload(struct run *r, struct library *x);
/* By name, case ignored; NULL: unknown. */
const struct function *library_function(const struct libraries *l, struct bytes name);
/* False, after an error reply: a function of x exists in a library other than `replaced`. */
bool library_fits(const struct libraries *l, const struct library *x,
                  const struct library *replaced, struct reply *reply);
void library_add(struct libraries *l, struct library *x);
void library_remove(struct libraries *l, struct library *x);
void library_free(struct library *x);
/* The FUNCTION_ bit of a flag's name (0: unknown), and the reverse (NULL: unknown). */
unsigned library_flag(struct bytes word);
const char *library_flag_name(unsigned bit);

#endif
