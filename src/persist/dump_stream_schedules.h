/* A section of DUMP's type 225 for schedules (persist/dump_stream.h):
 *
 *   8  schedules  n | (name | words n | word * n | last_ms 8 | passed_ms 8 | fired) * n, the
 *                 names ascending;
 *                 words as in XCRON SET after key and name
 *
 * A zone unknown on this machine is not damage: the next start may know it. */
#ifndef PERSIST_DUMP_STREAM_SCHEDULES_H
#define PERSIST_DUMP_STREAM_SCHEDULES_H

#include "persist/rdb_sink.h"
#include "persist/rdb_source.h"
#include "type/stream/stream.h"

bool dump_stream_schedules_has(const struct stream *s);
void dump_stream_schedules_put(struct rdb_sink *to, const struct stream *s);
bool dump_stream_schedules_get(struct rdb_source *r, struct stream *s);

#endif
