/* The bytes of DUMP: type, value, version of the format (2 bytes, little endian), CRC-64 of all
 * that (8 bytes). Written in the lowest version and type that hold the whole value: 10 for what
 * Redis 7.0 has; 12 for hashes whose fields have deadlines (as Redis 7.4); a stream with what Redis
 * does not have is of a type of our own, which Redis refuses (dump_stream.h). */
#ifndef PERSIST_DUMP_H
#define PERSIST_DUMP_H

#include "persist/rdb_get.h"

enum dump_result { DUMP_GOOD, DUMP_BAD_FRAME, DUMP_BAD_DATA, DUMP_FOREIGN, DUMP_STOPPED };

void dump_write(struct buf *to, const struct entry *e, bool compress);
/* The same in what a Redis knows that reads snapshots of that version (10 to 12, rdb-compat). True:
 * that is not the whole value. */
bool dump_write_for(struct buf *to, const struct entry *e, bool compress, long long compat);
/* Whether such a Redis takes this payload. */
bool dump_is_for(struct bytes payload, long long compat);
/* Payloads of Redis up to 8.10 and Valkey up to 9.1; the version in the footer tells which, others
 * are tried. Checked in full before anything is made of it. The entry belongs to the caller.
 * DUMP_FOREIGN: *what names a type of value that has no counterpart here. */
/* error, which may be NULL, says what is wrong under DUMP_BAD_DATA. */
#define DUMP_ERROR 160
enum dump_result dump_read(struct bytes payload, struct bytes key, const struct rdb_get_options *o,
                           struct entry **out, const char **what, char error[DUMP_ERROR]);

/* FUNCTION DUMP: the libraries' code, each as in a snapshot, then the same footer. library(i): the
 * i-th; n == 0: no more. */
void dump_write_libraries(struct buf *to, struct bytes (*library)(void *context, size_t i),
                          void *context);
/* take() gets each; false ends it with DUMP_STOPPED. */
/* Such a payload, good as it is, as Redis 7.0 would have written it: libraries have one form in all
 * versions. */
void dump_write_libraries_again(struct buf *to, struct bytes payload);
enum dump_result dump_read_libraries(struct bytes payload,
                                     bool (*take)(void *context, struct bytes code), void *context);

#endif
