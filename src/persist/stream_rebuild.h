/* The commands that rebuild the parts of a stream for which neither the RDB format nor Redis'
 * commands have a place: settings, limits, message ids of producers, policies, pending entries
 * without an owner, scheduled messages, expiry times, schedules, bindings, captures. They follow
 * the stream in snapshots and bases (docs/decisions/0005).
 *
 * The part of such a file that Redis reads shows entries without an owner as pending for a consumer
 * of this name, so that they can be claimed there; our commands take them from it and delete it. */
#ifndef PERSIST_STREAM_REBUILD_H
#define PERSIST_STREAM_REBUILD_H

#include "type/stream/stream.h"

#define STREAM_REBUILD_UNOWNED BYTES("millrace-unowned")

/* Called for each command; its words are valid during the call. */
typedef void stream_rebuild_take(void *context, const struct bytes *argv, int argc);

/* O(records, pending entries without owner, scheduled messages, moments of expiry, schedules,
 * bindings, captures). */
void stream_rebuild(const struct stream *s, struct bytes key, stream_rebuild_take *take,
                    void *context);
enum stream_rebuild_kind {
    STREAM_REBUILD_SETTINGS,
    STREAM_REBUILD_MESSAGE_IDS,
    STREAM_REBUILD_POLICIES,
    STREAM_REBUILD_UNOWNED_ENTRIES,
    STREAM_REBUILD_SCHEDULED,
    STREAM_REBUILD_EXPIRIES,
    STREAM_REBUILD_SCHEDULES,
    STREAM_REBUILD_BINDINGS,
    STREAM_REBUILD_CAPTURES,
    STREAM_REBUILD_KINDS
};
/* What the stream has of that: a bit for each kind. */
unsigned stream_rebuild_kinds(const struct stream *s);
/* The name of a kind in the log. */
const char *stream_rebuild_kind_name(enum stream_rebuild_kind kind);
/* Whether such a consumer has to be written for this group: it has entries without an owner, and no
 * consumer of that name. */
bool stream_rebuild_has_unowned(const struct stream_group *g);

#endif
