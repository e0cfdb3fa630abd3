/* Reads snapshots of Redis, Valkey and their relatives. Everything is checked before use: lengths
 * against the rest of the file, structures against their rules; damage is an error, never a crash.
 *
 * Unsupported values (of modules, Redis arrays) are an error that names them, or skipped and
 * reported. */
#ifndef PERSIST_RDB_READ_H
#define PERSIST_RDB_READ_H

#include "persist/rdb_get.h"
#include "store/db.h"

struct rdb_read_options {
    bool verify;       /* the checksum, if there is one */
    bool drop_expired; /* skip keys expired by now_ms */
    /* Called for each key skipped for that reason; expired fields are loaded, and reported when
     * deleted. May be NULL: expired fields are skipped too. */
    void (*expired)(void *context, int db, struct bytes key);
    bool merge;          /* existing keys are replaced; else they are an error */
    bool keep_libraries; /* existing libraries are an error; else they are replaced */
    bool check_only;     /* adds nothing to the store, which may be NULL */
    bool skip_unknown;   /* skip keys with unsupported values */
    int64_t now_ms;
    struct rdb_get_options values;
    /* Runs a command from a "millrace-effects" field in database db. False: it failed. */
    bool (*apply)(void *context, int db, const struct bytes *argv, int argc);
    /* Called for AUX fields and databases in file order; they end at `offset`. value.p NULL: a
     * database. May be NULL. */
    void (*note)(void *context, uint64_t offset, struct bytes name, struct bytes value);
    /* A log line about something skipped, or loaded differently from what the file says. Called at
     * most RDB_READ_WARNINGS times. May be NULL. */
    void (*warn)(void *context, const char *text);
    /* Called periodically with the bytes read; false stops loading. May be NULL. */
    bool (*progress)(void *context, uint64_t bytes);
    uint64_t progress_every; /* bytes between two calls; 0: 2 MB */
    int64_t progress_us;     /* also call it after this time, even within large values other than
                              * streams; 0: only progress_every counts */
    const long long *key_delay_us; /* delay after each key, for tests (clock_delay()); read again
                                    * for each key; may be NULL */
    void *context;
};

#define RDB_READ_WARNINGS 1000

struct rdb_read_result {
    uint64_t keys, expired, expires; /* read; skipped or found expired; with a TTL */
    uint64_t empty;                  /* empty collections of old versions: skipped */
    uint64_t left_out;               /* keys with unsupported values */
    uint64_t imported;               /* keys of slots being imported by a cluster node: skipped */
    uint64_t warnings;               /* including those not passed to warn() */
    int failed_type;                 /* of the value that failed; -1: another failure */
    char failed_key[80];
    size_t length; /* bytes of the snapshot; more may follow (the tail of an old base) */
    uint64_t journal_offset;
    char replication_id[41];
    int stream_db;   /* the stream's database after it; -1: not given */
    char error[160]; /* the reason of a failure */
};

/* Whether a file begins like a snapshot; 6 bytes are enough. */
bool rdb_read_is_snapshot(struct bytes data);
/* Loads into the store. data: the whole file, mapped. False: result->error. */
bool rdb_read(struct store *s, struct bytes data, const struct rdb_read_options *o,
              struct rdb_read_result *result);

#endif
