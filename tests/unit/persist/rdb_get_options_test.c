#include "persist/rdb_get_options.h"

#include "config/settings.h"
#include "unit.h"

/* Each limit comes from its own setting: all of them are made different. */
TEST(each_limit_has_its_setting)
{
    struct settings *c = settings_new();
    struct stream_context *streams = (struct stream_context *)c; /* any: it is only passed on */
    c->list_max_listpack_size = -3;
    c->list_compress_depth = 1;
    c->stream_node_max_entries = 2;
    c->stream_node_max_bytes = 3;
    c->stream_compress_depth = 4;
    c->hash_max_listpack_entries = 7;
    c->hash_max_listpack_value = 8;
    c->set_max_intset_entries = 9;
    c->set_max_listpack_entries = 10;
    c->set_max_listpack_value = 11;
    c->zset_max_listpack_entries = 12;
    c->zset_max_listpack_value = 13;
    struct rdb_get_options o = rdb_get_options_from(c, streams);
    CHECK(o.list_fill == -3 && o.list_depth == 1);
    CHECK(o.node_entries == 2 && o.node_bytes == 3 && o.raw_blocks == 4 && o.streams == streams);
    CHECK(o.hash.entries == 7 && o.hash.value == 8);
    CHECK(o.set.ints == 9 && o.set.entries == 10 && o.set.value == 11);
    CHECK(o.zset.entries == 12 && o.zset.value == 13);
    CHECK(!o.any_checksum); /* only who asks for it leaves a checksum out */
    settings_free(c);
}

UNIT_MAIN(T(each_limit_has_its_setting))
