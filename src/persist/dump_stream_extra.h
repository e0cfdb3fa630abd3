/* Sections of DUMP's type 225 for what hangs in a stream's extras (persist/dump_stream.h):
 *
 *   1  limits     words n | word * n, as after XCFGSET key
 *   6  scheduled  n | (ID | fields n | (name | value) * n) * n, the IDs ascending
 *   7  expiries   n | (ID | unix_ms 8) * n, the IDs ascending, of entries or scheduled messages
 *
 * All lengths and counts as RDB has them. */
#ifndef PERSIST_DUMP_STREAM_EXTRA_H
#define PERSIST_DUMP_STREAM_EXTRA_H

#include "persist/rdb_sink.h"
#include "persist/rdb_source.h"
#include "type/stream/stream.h"

/* The year 9999: the latest time that commands accept. */
#define DUMP_STREAM_EXTRA_MOMENT_MOST 253402300799999

/* Each section: whether the stream has any of it, writing, reading. */
bool dump_stream_extra_has_limits(const struct stream *s);
void dump_stream_extra_put_limits(struct rdb_sink *to, const struct stream *s);
bool dump_stream_extra_get_limits(struct rdb_source *r, struct stream *s);
bool dump_stream_extra_has_scheduled(const struct stream *s);
void dump_stream_extra_put_scheduled(struct rdb_sink *to, const struct stream *s);
bool dump_stream_extra_get_scheduled(struct rdb_source *r, struct stream *s);
bool dump_stream_extra_has_expiries(const struct stream *s);
void dump_stream_extra_put_expiries(struct rdb_sink *to, const struct stream *s);
bool dump_stream_extra_get_expiries(struct rdb_source *r, struct stream *s);

#endif
