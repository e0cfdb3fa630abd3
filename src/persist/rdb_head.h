/* Reads the metadata at the beginning of a snapshot or of a base of commands. */
#ifndef PERSIST_RDB_HEAD_H
#define PERSIST_RDB_HEAD_H

#include <stdbool.h>
#include <stdint.h>

struct rdb_head {
    /* Shows which of two files is newer: each file written has a greater number than all before. 0:
     * none, as in files of Redis and of Millrace 0.1.0. */
    uint64_t generation;
    bool aof;      /* the append-only file was on when it was written */
    bool replicas; /* the server that wrote it had replicas */
};

/* False: no such file, or another format. */
bool rdb_head_read(const char *path, struct rdb_head *out);

#endif
