/* Reads values from the RDB format, fully checked before use. */
#ifndef PERSIST_RDB_GET_H
#define PERSIST_RDB_GET_H

#include "persist/rdb_get_options.h"
#include "persist/rdb_source.h"
#include "type/value.h"

/* A value of a type that is not foreign (rdb_format_foreign()). NULL: damaged, unknown, or without
 * elements (r->empty). */
struct entry *rdb_get_value(struct rdb_source *r, struct bytes key, unsigned type,
                            const struct rdb_get_options *o);

#endif
