/* Effects that the reading Redis does not know are wrapped, in file and stream:
 *
 *   PING <the command in RESP>
 *
 * Redis silently accepts a PING with a payload: as a replica, within MULTI, from an append-only
 * file. We run its content. Nothing else writes PING with an argument that begins with '*'
 * (docs/decisions/0035).
 *
 * Whether an effect is wrapped is decided here, by the Redis version that introduced it and the
 * version that is to read our output (rdb-compat). */
#ifndef PERSIST_WRAP_H
#define PERSIST_WRAP_H

#include "persist/aof_parse.h"
#include "persist/journal.h"

/* since: when the command, or this form of it, was introduced, as in its constant ("8.2.0"); below
 * 1.0 it is a version of ours, unknown to every Redis; NULL: all know it. compat: a value of
 * rdb-compat, 10 to 12. */
bool wrap_is_needed(const char *since, long long compat);

/* Journals the command, wrapped. raw as for journal_add(). */
void wrap_add(struct journal *j, int db, const struct bytes *argv, int argc, struct bytes raw);
/* Appends one command in RESP, wrapped. */
void wrap_format(struct buf *out, struct bytes command);

/* Unwraps a command: returns the number of its words, which are in room->argv and point into the
 * argument. 0: it is not wrapped. A wrap within a wrap is not opened. */
int wrap_open(const struct bytes *argv, int argc, struct aof_parse_room *room);

#endif
