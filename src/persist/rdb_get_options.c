#include "persist/rdb_get_options.h"

#include "config/settings.h"

struct rdb_get_options rdb_get_options_from(const struct settings *c,
                                            struct stream_context *streams)
{
    return (struct rdb_get_options){
        .list_fill = c->list_max_listpack_size,
        .list_depth = (uint32_t)c->list_compress_depth,
        .node_entries = (uint64_t)c->stream_node_max_entries,
        .node_bytes = (uint64_t)c->stream_node_max_bytes,
        .raw_blocks = (size_t)c->stream_compress_depth,
        .streams = streams,
        .hash = {(size_t)c->hash_max_listpack_entries, (size_t)c->hash_max_listpack_value},
        .set = {(size_t)c->set_max_intset_entries, (size_t)c->set_max_listpack_entries,
                (size_t)c->set_max_listpack_value},
        .zset = {(size_t)c->zset_max_listpack_entries, (size_t)c->zset_max_listpack_value},
    };
}
