/* Effects that a Redis does not know travel wrapped, in file and stream:
 *
 *   PING <the command in RESP>
 *
 * Redis takes a PING with a payload in silence: as a replica, within MULTI, from an append-only
 * file. We run what is inside. Nothing else writes PING with an argument that begins with '*'
 * (docs/decisions/0035).
 *
 * Whether one is wrapped is decided here, by the version of Redis that knows it and the version
 * that is to read what we write (rdb-compat). */
#ifndef PERSIST_WRAP_H
#define PERSIST_WRAP_H

#include "persist/aof_parse.h"
#include "persist/journal.h"

/* since: of the command or of the form of it, as in its constant ("8.2.0"); below
 * 1.0 it is a version of ours, and no Redis knows it; NULL: all know it.
 * compat: a value of rdb-compat, 10 to 12. */
bool wrap_is_needed(const char *since, long long compat);

/* The command as an effect, wrapped. raw as for journal_add(). */
void wrap_add(struct journal *j, int db, const struct bytes *argv, int argc, struct bytes raw);
/* One command in RESP behind out, wrapped. */
void wrap_format(struct buf *out, struct bytes command);

/* How many words the command has that is wrapped in this one; they are in room->argv and point into
 * the argument. 0: it is no wrap, and means itself. A wrap within a wrap is not opened. */
int wrap_open(const struct bytes *argv, int argc, struct aof_parse_room *room);

#endif
