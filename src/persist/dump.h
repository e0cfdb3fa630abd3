/* The payload of DUMP: type, value, format version (2 bytes, little endian), CRC-64 of all that (8
 * bytes). Written in the lowest version and type that hold the whole value: 10 for what Redis 7.0
 * has; 12 for hashes with field TTLs (as Redis 7.4). A stream with features unknown to Redis has a
 * type of our own, which Redis refuses (dump_stream.h). */
#ifndef PERSIST_DUMP_H
#define PERSIST_DUMP_H

#include "persist/rdb_get.h"

enum dump_result { DUMP_GOOD, DUMP_BAD_FRAME, DUMP_BAD_DATA, DUMP_FOREIGN, DUMP_STOPPED };

void dump_write(struct buf *to, const struct entry *e, bool compress);
/* The same, limited to what a Redis that reads this snapshot version (10 to 12, rdb-compat)
 * understands. True: something was left out. */
bool dump_write_for(struct buf *to, const struct entry *e, bool compress, long long compat);
/* Whether such a Redis accepts this payload. */
bool dump_is_for(struct bytes payload, long long compat);
/* Reads payloads of Redis up to 8.10 and Valkey up to 9.1, which differ by the version in the
 * footer; unknown versions are tried. Everything is checked before use. The caller owns the entry.
 * DUMP_FOREIGN: *what names the unsupported type of value. */
/* error, which may be NULL, receives the reason of DUMP_BAD_DATA. */
#define DUMP_ERROR 160
enum dump_result dump_read(struct bytes payload, struct bytes key, const struct rdb_get_options *o,
                           struct entry **out, const char **what, char error[DUMP_ERROR]);

/* FUNCTION DUMP: the code of each library as in a snapshot, then the same footer. library(i): the
 * i-th one; n == 0: no more. */
void dump_write_libraries(struct buf *to, struct bytes (*library)(void *context, size_t i),
                          void *context);
/* Calls take() for each library; if it returns false, the result is DUMP_STOPPED. */
/* Rewrites a valid payload as Redis 7.0 would have written it: libraries have the same form in all
 * versions. */
void dump_write_libraries_again(struct buf *to, struct bytes payload);
enum dump_result dump_read_libraries(struct bytes payload,
                                     bool (*take)(void *context, struct bytes code), void *context);

#endif
