/* The commands that rebuild what neither the RDB format nor commands of Redis have a place for in a
 * stream: settings, limits, message ids of producers, policies, pending entries that nobody owns,
 * scheduled messages, moments of expiry, schedules, bindings, captures. They stand behind the
 * stream in snapshots and bases (docs/decisions/0005).
 *
 * What Redis reads of such a file has entries without owner as pending of a consumer of this name,
 * so that somebody can claim them there; the commands take them away from it and delete it. */
#ifndef PERSIST_STREAM_REBUILD_H
#define PERSIST_STREAM_REBUILD_H

#include "type/stream/stream.h"

#define STREAM_REBUILD_UNOWNED BYTES("millrace-unowned")

/* Hears of one command; its words are good until it returns. */
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
/* Which of that the stream has: a bit for each kind. */
unsigned stream_rebuild_kinds(const struct stream *s);
/* What a kind is called in the log. */
const char *stream_rebuild_kind_name(enum stream_rebuild_kind kind);
/* Whether such a consumer has to be made up for this group: it has entries that nobody owns, and no
 * consumer of that name. */
bool stream_rebuild_has_unowned(const struct stream_group *g);

#endif
