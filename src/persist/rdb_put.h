/* Values in the RDB format. */
#ifndef PERSIST_RDB_PUT_H
#define PERSIST_RDB_PUT_H

#include "persist/rdb_sink.h"
#include "type/value.h"

/* Types of the format that we write. */
enum {
    RDB_PUT_STRING = 0,
    RDB_PUT_SET = 2,
    RDB_PUT_HASH = 4,
    RDB_PUT_ZSET = 5,
    RDB_PUT_INTSET = 11,
    RDB_PUT_HASH_PACK = 16,
    RDB_PUT_ZSET_PACK = 17,
    RDB_PUT_LIST = 18,
    RDB_PUT_STREAM = 19,
    RDB_PUT_STREAM_ACTIVE = 21, /* with the consumers' active times: version 11 */
    RDB_PUT_TIMED_HASH = 24,    /* with deadlines of fields: version 12 */
};

/* The type under which a value is written in the sink's version. */
unsigned rdb_put_type(const struct rdb_sink *s, const struct entry *e);
/* The value as that type, without the type's byte. */
void rdb_put_value(struct rdb_sink *s, const struct entry *e, unsigned type);
/* What these types have no place for, as commands in RESP; nothing when there is nothing. */
void rdb_put_effects(struct buf *to, struct bytes key, const struct entry *e, unsigned type);

#endif
