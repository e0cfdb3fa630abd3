/* Streams in payloads of DUMP, when they have what type 21 of RDB has no place for:
 *
 *   224 | as type 21 | message ids | groups n | (name | released n | (entry ID | count) * n) * n
 *   225 | as type 21 | sections n | (tag 1 | length | bytes) * n, the tags ascending:
 *
 *   1  limits        persist/dump_stream_extra.h
 *   2  message ids   duration | most | records n | (producer | id | entry ID | at_ms 8) * n
 *   3  released      groups n | (name | n | (entry ID | count | reason) * n) * n
 *   4  policies      groups n | (name | words n | word * n) * n, as after XPOLICY SET key group
 *   5  deferred      groups n | (name | n | (entry ID | due_ms 8 | count | reason) * n) * n
 *   6  scheduled, 7 expiries   persist/dump_stream_extra.h
 *   8  schedules     persist/dump_stream_schedules.h
 *   9  bindings      persist/dump_stream_routes.h
 *   10 captures      the same
 *
 * 224 where it holds everything. A tag of 128 or more that is not known is passed over, another one
 * refused. */
#ifndef PERSIST_DUMP_STREAM_H
#define PERSIST_DUMP_STREAM_H

#include "persist/rdb_sink.h"
#include "persist/rdb_source.h"
#include "type/stream/stream.h"

/* RDB_STREAM_ACTIVE: the stream has nothing of that. */
unsigned dump_stream_type(const struct stream *s);
/* Writes what follows the stream in type 21. */
void dump_stream_put(struct rdb_sink *to, const struct stream *s, unsigned type);
bool dump_stream_get(struct rdb_source *r, struct stream *s, unsigned type);

#endif
