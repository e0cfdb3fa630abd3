/* Writing snapshots in the RDB format: version 11 (Redis 7.2 reads it) or 10 (Redis 7.0). What
 * Redis has no place for follows its key in AUX fields named "millrace-effects", as commands in
 * RESP, which Redis skips and rdb_read.c applies (docs/formats/snapshot.md). */
#ifndef PERSIST_RDB_WRITE_H
#define PERSIST_RDB_WRITE_H

#include "store/db.h"

struct stream;

struct rdb_write_options {
    int version;
    bool checksum, compress;
    bool aof_base;        /* the base of an append-only file */
    int64_t key_delay_us; /* waits so long after each key, to watch a save at work; -N: a moment
                             after N */
    uint64_t generation;  /* 0: the file says nothing of it (persist/rdb_head.h) */
    bool aof;             /* an append-only file is kept */
    /* Told after each key how many have been written. May be NULL. */
    void (*progress)(void *context, uint64_t keys);
    /* The place in the stream: written when the journal counts, and in any case in the base of an
     * append-only file. */
    const char *replication_id; /* 40 characters; NULL: nothing is said of the stream */
    uint64_t journal_offset;
    int stream_db; /* that the stream is in; -1: it names one before its next effect */
    bool replicas; /* somebody gets the stream */
    bool no_keys;  /* libraries at most */
    /* The code of the i-th library of functions; n == 0: no more. May be NULL. */
    struct bytes (*library)(void *context, size_t i);
    void *context;
};

struct rdb_write_result {
    uint64_t keys;
    /* Those with something in a "millrace-effects" field. */
    uint64_t streams_aside, hashes_aside;
    unsigned stream_kinds; /* what those streams have (stream_rebuild_kinds()) */
    uint64_t scheduled;    /* messages */
    uint64_t bytes, sum;   /* of the file; its checksum, 0: none */
};

/* Writes the whole data set to a new file. 0 or -errno. */
int rdb_write(int fd, struct store *s, const struct rdb_write_options *o,
              struct rdb_write_result *result);
/* A stream with something in such a field is written. */
void rdb_write_count_stream(struct rdb_write_result *result, const struct stream *s);
/* After each key: tells and waits, as the options say. */
void rdb_write_pause(const struct rdb_write_options *o, uint64_t keys);
/* Reads back what was written. 0, -EBADMSG: it is not what was written, or another -errno. */
int rdb_write_verify(const char *path, const struct rdb_write_result *written);

#endif
