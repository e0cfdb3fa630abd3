/* Sections of DUMP's type 225 for what goes to other streams, and comes from channels
 * (persist/dump_stream.h):
 *
 *   9   bindings  n | (words n | word * n) * n, each as after XBIND ADD source, in their order
 *   10  captures  n | pattern * n, in the order of their bytes */
#ifndef PERSIST_DUMP_STREAM_ROUTES_H
#define PERSIST_DUMP_STREAM_ROUTES_H

#include "persist/rdb_sink.h"
#include "persist/rdb_source.h"
#include "type/stream/stream.h"

/* Each section: whether the stream has any of it, writing, reading. */
bool dump_stream_routes_has_bindings(const struct stream *s);
void dump_stream_routes_put_bindings(struct rdb_sink *to, const struct stream *s);
bool dump_stream_routes_get_bindings(struct rdb_source *r, struct stream *s);
bool dump_stream_routes_has_captures(const struct stream *s);
void dump_stream_routes_put_captures(struct rdb_sink *to, const struct stream *s);
bool dump_stream_routes_get_captures(struct rdb_source *r, struct stream *s);

#endif
