/* Reading snapshots. Everything is checked before it is used: lengths against what is left,
 * structures against their rules; damage is an error, never a crash. */
#ifndef PERSIST_RDB_READ_H
#define PERSIST_RDB_READ_H

#include "persist/rdb_get.h"
#include "store/db.h"

struct rdb_read_options {
    bool verify;       /* check the checksum when there is one */
    bool drop_expired; /* leave out what has expired by now_ms */
    bool check_only;   /* nothing is added to the store, which may be NULL */
    int64_t now_ms;
    struct rdb_get_options values;
    /* A command from a "millrace-effects" field, for database db. False: it failed. */
    bool (*apply)(void *context, int db, const struct bytes *argv, int argc);
    /* Fields and databases as they come, in front of `offset`; value.p NULL: a database. May be
     * NULL. */
    void (*note)(void *context, uint64_t offset, struct bytes name, struct bytes value);
    /* Called now and then with the bytes read; false stops the loading. May be NULL. */
    bool (*progress)(void *context, uint64_t bytes);
    void *context;
};

struct rdb_read_result {
    uint64_t keys, expired, expires; /* read; left out or past; with a deadline */
    uint64_t empty;  /* collections of nothing, as old versions wrote them: left out */
    int failed_type; /* of the value that failed; -1: something else did */
    char failed_key[80];
    uint64_t module_fields; /* left out: modules are not supported */
    size_t length;          /* bytes of the snapshot; more may follow (the tail of an old base) */
    uint64_t journal_offset;
    char replication_id[41];
    char error[160]; /* why it failed */
};

/* data: the whole file, mapped. Adds to the store. False: result->error. */
bool rdb_read(struct store *s, struct bytes data, const struct rdb_read_options *o,
              struct rdb_read_result *result);

#endif
