/* Reading snapshots of Redis, Valkey and their kin. Everything is checked before it is used:
 * lengths against what is left, structures against their rules; damage is an error, never a crash.
 *
 * What has no counterpart here (a module's value, a Redis array) is an error that names it, or is
 * left out and told. */
#ifndef PERSIST_RDB_READ_H
#define PERSIST_RDB_READ_H

#include "persist/rdb_get.h"
#include "store/db.h"

struct rdb_read_options {
    bool verify;       /* check the checksum when there is one */
    bool drop_expired; /* leave out what has expired by now_ms */
    /* Hears of each key that is left out for that; fields whose deadlines have passed stay, and
     * whoever deletes them tells. May be NULL: such fields are left out too. */
    void (*expired)(void *context, int db, struct bytes key);
    bool merge;          /* keys that are there already give way; else they are an error */
    bool keep_libraries; /* libraries that are there already are an error; else they give way */
    bool check_only;     /* nothing is added to the store, which may be NULL */
    bool skip_unknown;   /* leave out keys whose values have no counterpart here */
    int64_t now_ms;
    struct rdb_get_options values;
    /* A command from a "millrace-effects" field, for database db. False: it failed. */
    bool (*apply)(void *context, int db, const struct bytes *argv, int argc);
    /* Fields and databases as they come, in front of `offset`; value.p NULL: a database. May be
     * NULL. */
    void (*note)(void *context, uint64_t offset, struct bytes name, struct bytes value);
    /* A line for the log: what is left out, or read otherwise than it is told. Called at most
     * RDB_READ_WARNINGS times. May be NULL. */
    void (*warn)(void *context, const char *text);
    /* Called now and then with the bytes read; false stops the loading. May be NULL. */
    bool (*progress)(void *context, uint64_t bytes);
    uint64_t progress_every; /* so many bytes; 0: 2 MB */
    int64_t progress_us;     /* also call it after this much time; 0: only progress_every counts.
                              * Then also within large values, but for streams */
    const long long *key_delay_us; /* waits after each key, for tests (clock_delay()); looked at
                                    * anew for each; may be NULL */
    void *context;
};

#define RDB_READ_WARNINGS 1000

struct rdb_read_result {
    uint64_t keys, expired, expires; /* read; left out or past; with a deadline */
    uint64_t empty;    /* collections of nothing, as old versions wrote them: left out */
    uint64_t left_out; /* keys whose values have no counterpart here */
    uint64_t imported; /* keys of slots that were being moved to a cluster's node: left out */
    uint64_t warnings; /* also those that warn() did not hear */
    int failed_type;   /* of the value that failed; -1: something else did */
    char failed_key[80];
    size_t length; /* bytes of the snapshot; more may follow (the tail of an old base) */
    uint64_t journal_offset;
    char replication_id[41];
    int stream_db;   /* that the stream is in behind it; -1: it does not say */
    char error[160]; /* why it failed */
};

/* Whether a file begins as a snapshot does; 6 bytes are enough. */
bool rdb_read_is_snapshot(struct bytes data);
/* data: the whole file, mapped. Adds to the store. False: result->error. */
bool rdb_read(struct store *s, struct bytes data, const struct rdb_read_options *o,
              struct rdb_read_result *result);

#endif
