/* The commands that rebuild what neither the RDB format nor commands of Redis have a place for in a
 * stream: settings and message ids of producers, policies, pending entries that nobody owns. They
 * stand behind the stream in snapshots and bases (docs/decisions/0005).
 *
 * What Redis reads of such a file has entries without owner as pending of a consumer of this name,
 * so that somebody can claim them there; the commands take them away from it and delete it. */
#ifndef PERSIST_STREAM_REBUILD_H
#define PERSIST_STREAM_REBUILD_H

#include "type/stream/stream.h"

#define STREAM_REBUILD_UNOWNED BYTES("millrace-unowned")

/* Hears of one command; its words are good until it returns. */
typedef void stream_rebuild_take(void *context, const struct bytes *argv, int argc);

/* O(records, and pending entries without owner). */
void stream_rebuild(const struct stream *s, struct bytes key, stream_rebuild_take *take,
                    void *context);
/* Whether such a consumer has to be made up for this group: it has entries that nobody owns, and no
 * consumer of that name. */
bool stream_rebuild_has_unowned(const struct stream_group *g);

#endif
