/* Streams from the RDB format: types 15, 19, 21, 26 and 27. */
#ifndef PERSIST_RDB_GET_STREAM_H
#define PERSIST_RDB_GET_STREAM_H

#include "persist/rdb_source.h"
#include "type/value.h"

/* How values are created. */
struct rdb_get_options;

/* NULL: damaged. */
struct entry *rdb_get_stream(struct rdb_source *r, struct bytes key, unsigned type,
                             const struct rdb_get_options *o);

#endif
