/* What a snapshot, or a base of commands, says of itself in front of its data: a look at the
 * beginning of the file. */
#ifndef PERSIST_RDB_HEAD_H
#define PERSIST_RDB_HEAD_H

#include <stdbool.h>
#include <stdint.h>

struct rdb_head {
    /* Which of two files is the newer: each one that is written has a greater number than all
     * before it. 0: it has none, as files of Redis and of Millrace 0.1.0. */
    uint64_t generation;
    bool aof;      /* an append-only file was kept when it was written */
    bool replicas; /* somebody followed the server that wrote it */
};

/* False: there is no such file, or it is neither. */
bool rdb_head_read(const char *path, struct rdb_head *out);

#endif
