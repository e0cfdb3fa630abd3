/* Writes values in the RDB format. */
#ifndef PERSIST_RDB_PUT_H
#define PERSIST_RDB_PUT_H

#include "persist/rdb_format.h"
#include "persist/rdb_sink.h"
#include "persist/stream_rebuild.h"
#include "type/value.h"

/* The type that a value is written as in the sink's version. */
unsigned rdb_put_type(const struct rdb_sink *s, const struct entry *e);
/* Writes the value as that type, without the type byte. */
void rdb_put_value(struct rdb_sink *s, const struct entry *e, unsigned type);
/* Passes what these types cannot hold to take(), as commands, if there is any. */
void rdb_put_effects(struct bytes key, const struct entry *e, unsigned type,
                     stream_rebuild_take *take, void *context);

#endif
