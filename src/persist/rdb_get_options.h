/* How values read from the RDB format are created: the settings of this server. */
#ifndef PERSIST_RDB_GET_OPTIONS_H
#define PERSIST_RDB_GET_OPTIONS_H

#include "type/hash.h"
#include "type/set.h"
#include "type/zset.h"

struct settings;
struct stream_context;

struct rdb_get_options {
    int64_t list_fill;
    uint32_t list_depth;
    uint64_t node_entries, node_bytes;
    size_t raw_blocks;
    struct stream_context *streams; /* of the store that receives them */
    struct hash_limits hash;
    struct set_limits set;
    struct zset_limits zset;
    bool any_checksum; /* DUMP: the payload's checksum is not verified */
};

struct rdb_get_options rdb_get_options_from(const struct settings *c,
                                            struct stream_context *streams);

#endif
