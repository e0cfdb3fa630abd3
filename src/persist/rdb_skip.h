/* Reading past what has no counterpart here: values and records of modules, arrays and the like.
 * All of it is checked as it is passed. */
#ifndef PERSIST_RDB_SKIP_H
#define PERSIST_RDB_SKIP_H

#include "persist/rdb_source.h"

/* A value of a type that rdb_format_foreign() names. what: its name, for messages, at least 80
 * bytes. False: damaged, or nobody can tell where it ends. */
bool rdb_skip_value(struct rdb_source *r, unsigned type, char *what, size_t n);
/* A module's field outside of keys. *empty: it says nothing. */
bool rdb_skip_module_aux(struct rdb_source *r, char name[10], bool *empty);
/* What modules know of a key. warn() hears of each class, and whether its loss is meant to be
 * harmless. */
bool rdb_skip_key_meta(struct rdb_source *r,
                       void (*warn)(void *context, const char *name, bool harmless), void *context);

#endif
