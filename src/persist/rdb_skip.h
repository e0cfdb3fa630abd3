/* Skips what is unsupported: values and records of modules, arrays and the like. Everything skipped
 * is checked. */
#ifndef PERSIST_RDB_SKIP_H
#define PERSIST_RDB_SKIP_H

#include "persist/rdb_source.h"

/* Skips a value of a type that rdb_format_foreign() names. what: receives its name for messages, at
 * least 80 bytes. False: damaged, or its end cannot be determined. */
bool rdb_skip_value(struct rdb_source *r, unsigned type, char *what, size_t n);
/* Skips a module's record outside of keys. *empty: it has no content. */
bool rdb_skip_module_aux(struct rdb_source *r, char name[10], bool *empty);
/* Skips the module metadata of a key. Calls warn() for each class, with whether its loss is
 * declared harmless. */
bool rdb_skip_key_meta(struct rdb_source *r,
                       void (*warn)(void *context, const char *name, bool harmless), void *context);

#endif
