/* Streams in the RDB format: type 19, or 21 from version 11 on. */
#ifndef PERSIST_RDB_PUT_STREAM_H
#define PERSIST_RDB_PUT_STREAM_H

#include "persist/rdb_sink.h"

struct stream;

/* unowned: pending entries without an owner are written as those of a made-up consumer
 * (stream_rebuild.h); else they are left out. */
void rdb_put_stream(struct rdb_sink *s, const struct stream *x, bool unowned);

#endif
