/* Writes snapshots in the RDB format: version 11 (Redis 7.2 reads it) or 10 (Redis 7.0). What the
 * format cannot hold follows its key in AUX fields named "millrace-effects", as commands in RESP,
 * which Redis skips and rdb_read.c applies (docs/formats/snapshot.md). */
#ifndef PERSIST_RDB_WRITE_H
#define PERSIST_RDB_WRITE_H

#include "store/db.h"

struct stream;

struct rdb_write_options {
    int version;
    bool checksum, compress;
    bool aof_base;        /* the base of an append-only file */
    int64_t key_delay_us; /* delay after each key, to observe a save in progress; -N: a short one
                           * after every N keys */
    uint64_t generation;  /* 0: not stored (persist/rdb_head.h) */
    bool aof;             /* the append-only file is on */
    /* Called after each key with the number written. May be NULL. */
    void (*progress)(void *context, uint64_t keys);
    /* The position in the stream: stored if the journal is on, and always in a base of an
     * append-only file. */
    const char *replication_id; /* 40 characters; NULL: no position is stored */
    uint64_t journal_offset;
    int stream_db; /* the stream's database; -1: it selects one before its next effect */
    bool replicas; /* there are replicas */
    bool no_keys;  /* at most libraries */
    /* The code of the i-th function library; n == 0: no more. May be NULL. */
    struct bytes (*library)(void *context, size_t i);
    void *context;
};

struct rdb_write_result {
    uint64_t keys;
    /* Keys with a "millrace-effects" field. */
    uint64_t streams_aside, hashes_aside;
    unsigned stream_kinds; /* of these streams (stream_rebuild_kinds()) */
    uint64_t scheduled;    /* messages */
    uint64_t bytes, sum;   /* size of the file; its checksum, 0: none */
};

/* Writes the whole data set to a new file. 0 or -errno. */
int rdb_write(int fd, struct store *s, const struct rdb_write_options *o,
              struct rdb_write_result *result);
/* Counts a stream that was written with such a field. */
void rdb_write_count_stream(struct rdb_write_result *result, const struct stream *s);
/* To be called after each key: reports progress and delays as the options say. */
void rdb_write_pause(const struct rdb_write_options *o, uint64_t keys);
/* Reads the file back: it is used only after that, since errors of the disk may show only when
 * reading. 0, -EBADMSG if it differs from what was written, or another -errno. */
int rdb_write_verify(const char *path, const struct rdb_write_result *written);

#endif
