/* Effects unknown to the Redis version that reads our output are wrapped, in file and stream:
 *
 *   PING <the command in RESP>
 *
 * Redis silently accepts a PING with a payload: as a replica, within MULTI, from an append-only
 * file. Millrace runs its content. Nothing else writes a PING with an argument that begins with '*'
 * (docs/decisions/0035).
 *
 * Whether to wrap is decided here, from the Redis version that introduced the effect and the
 * version that should read our output (rdb-compat). */
#ifndef PERSIST_WRAP_H
#define PERSIST_WRAP_H

#include "persist/aof_parse.h"
#include "persist/journal.h"

/* since: the version that introduced the command or this form of it ("8.2.0"); below 1.0 it is one
 * of ours, unknown to every Redis; NULL: known to all. compat: a value of rdb-compat, 10 to 12. */
bool wrap_is_needed(const char *since, long long compat);

/* Journals the command, wrapped. raw as for journal_add(). */
void wrap_add(struct journal *j, int db, const struct bytes *argv, int argc, struct bytes raw);
/* Appends one command in RESP, wrapped. */
void wrap_format(struct buf *out, struct bytes command);

/* Unwraps a command: returns the number of its words, which are in room->argv and point into the
 * argument. 0: not wrapped. Nested wraps stay closed. */
int wrap_open(const struct bytes *argv, int argc, struct aof_parse_room *room);

#endif
