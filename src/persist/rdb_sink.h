/* The output of the RDB format, to a file or memory: its primitives, such as lengths and strings.
 */
#ifndef PERSIST_RDB_SINK_H
#define PERSIST_RDB_SINK_H

#include "base/buf.h"

#include <stdint.h>

struct rdb_sink {
    int fd; /* -1: everything stays in out */
    struct buf out;
    uint64_t crc; /* of the bytes flushed to the file */
    uint64_t written;
    int error; /* -errno of the first write that failed */
    bool checksum, compress;
    int version;     /* of the format */
    struct buf pack; /* scratch */
};

void rdb_sink_put(struct rdb_sink *s, const void *p, size_t n);
void rdb_sink_byte(struct rdb_sink *s, unsigned v);
void rdb_sink_length(struct rdb_sink *s, uint64_t n);
void rdb_sink_little64(struct rdb_sink *s, uint64_t v);
/* Writes it as an integer or compressed if possible. */
void rdb_sink_string(struct rdb_sink *s, struct bytes x);
/* Flushes to the file. */
void rdb_sink_flush(struct rdb_sink *s);
void rdb_sink_free(struct rdb_sink *s);

#endif
