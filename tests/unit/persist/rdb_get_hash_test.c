#include "persist/rdb_get_hash.h"

#include "persist/rdb_template.h"
#include "rdb.h"
#include "unit.h"

TEST(hashes_without_deadlines)
{
    static const struct rdb_case all[] = {
        {RDB_REDIS, RDB_HASH, "02 01'f' 01'v' 01'g' c007", "hash f=v g=7"},
        {RDB_REDIS, RDB_HASH_PACK, "0d 0d000000 0200 81'f'02 81'v'02 ff", "hash f=v"},
        {RDB_REDIS, RDB_OLD_HASH_ZIPLIST, "11 11000000 0d000000 0200 00 01'f' 03 01'v' ff",
         "hash f=v"},
        {RDB_REDIS, RDB_OLD_HASH_ZIPMAP, "07 01 01'f' 01 00'v' ff", "hash f=v"},
        {RDB_REDIS, RDB_HASH, "00", "empty"},
        {RDB_REDIS, RDB_HASH, "02 01'f' 01'v' 01'f' 01'w'", "! Hash field stands twice"},
        {RDB_REDIS, RDB_HASH_PACK, "0a 0a000000 0100 81'f'02 ff", "! Damaged hash: Hash"},
        {RDB_REDIS, RDB_OLD_HASH_ZIPMAP, "04 01 01'f' ff", "! Damaged hash: Zipmap"},
    };
    CHECK(RDB_CASES_HOLD(all));
}

TEST(deadlines_of_fields_in_each_servers_way)
{
    static const struct rdb_case all[] = {
        /* the earliest 8 | n | (distance from it plus one, or 0 | field | value) ... */
        {RDB_REDIS, RDB_TIMED_HASH, "e803000000000000 02 01 01'f' 01'v' 00 01'g' 01'w'",
         "hash f=v@1000 g=w"},
        /* the earliest 8 | pack of field, value, deadline or 0 */
        {RDB_REDIS, RDB_TIMED_HASH_PACK,
         "0500000000000000 0f 0f000000 0300 81'f'02 81'v'02 0501 ff", "hash f=v@5"},
        /* the same two of release candidates, without the earliest */
        {RDB_REDIS, RDB_CANDIDATE_HASH, "01 05 01'f' 01'v'", "hash f=v@5"},
        {RDB_REDIS, RDB_CANDIDATE_HASH_PACK, "0f 0f000000 0300 81'f'02 81'v'02 0001 ff",
         "hash f=v"},
        /* n | (field | value | deadline 8, or -1) ... */
        {RDB_VALKEY, RDB_VALKEY_HASH,
         "02 01'f' 01'v' 0500000000000000 01'g' 01'w' ffffffffffffffff", "hash f=v@5 g=w"},
        /* seconds from 1675209600 on, as text */
        {RDB_DRAGONFLY, RDB_DRAGONFLY_HASH, "02 01'f' 01'v' c001 01'g' 01'w' c0ff",
         "hash f=v@1675209601000 g=w"},
        {RDB_REDIS, RDB_TIMED_HASH, "ffffffffffffff7f 01 02 01'f' 01'v'", "! Damaged deadline"},
        {RDB_REDIS, RDB_TIMED_HASH, "ffffffffffffffff 01 03 01'f' 01'v'", "! Damaged deadline"},
        {RDB_VALKEY, RDB_VALKEY_HASH, "01 01'f' 01'v' feffffffffffffff", "! Damaged deadline"},
        {RDB_DRAGONFLY, RDB_DRAGONFLY_HASH, "01 01'f' 01'v' c0fe", "! Damaged deadline"},
        {RDB_DRAGONFLY, RDB_DRAGONFLY_HASH, "01 01'f' 01'v' 01'x'", "! Damaged deadline"},
    };
    CHECK(RDB_CASES_HOLD(all));
}

TEST(values_behind_the_names_of_a_template)
{
    static const struct rdb_case all[] = {
        /* names as strings (1) | the values */
        {RDB_REDIS, RDB_TEMPLATE_HASH, "01 02 01'f' 01'g' 01'v' 01'w'", "hash f=v g=w"},
        /* names as a pack (0) | a pack: a number, the values */
        {RDB_REDIS, RDB_TEMPLATE_HASH_PACK,
         "00 0a 0a000000 0100 81'f'02 ff 0c 0c000000 0200 0001 81'v'02 ff", "hash f=v"},
        {RDB_REDIS, RDB_TEMPLATE_HASH_ID, "07", "! Hash template 7 is not there"},
        {RDB_REDIS, RDB_TEMPLATE_HASH_PACK_ID, "0c 0c000000 0200 0701 81'v'02 ff",
         "! Hash template 7 is not there"},
        /* more values than names */
        {RDB_REDIS, RDB_TEMPLATE_HASH_PACK,
         "00 0a 0a000000 0100 81'f'02 ff 0e 0e000000 0300 0001 81'v'02 0101 ff", "! Damaged hash"},
    };
    CHECK(RDB_CASES_HOLD(all));
    /* By the number of a template of the file. */
    struct rdb_templates templates = {0};
    struct bytes record = rdb_hex("07 02 01'f' 01'g'"), value = rdb_hex("07 01'v' 01'w'");
    struct rdb_source r = rdb_source_of(record);
    CHECK(rdb_template_add(&templates, &r));
    r = rdb_source_of(value);
    r.templates = &templates;
    struct entry *e = rdb_get_hash(&r, BYTES("key"), RDB_TEMPLATE_HASH_ID, &rdb_options);
    struct buf shown = {0};
    CHECK(e && r.p == r.end);
    rdb_show(&shown, e);
    CHECK(bytes_is(buf_bytes(&shown), "hash f=v g=w"));
    value_free(e);
    buf_free(&shown);
    rdb_source_free(&r);
    rdb_template_clear(&templates);
}

TEST(a_deadline_that_stands_by_itself)
{
    struct bytes value = rdb_hex("01 01'f' 01'v'");
    struct rdb_source r = rdb_source_of(value);
    struct entry *e = rdb_get_hash(&r, BYTES("key"), RDB_HASH, &rdb_options);
    CHECK(e && !value_has_field_ttl(e));
    CHECK(!rdb_get_hash_deadline(e, BYTES("other"), 5));
    CHECK(!rdb_get_hash_deadline(e, BYTES("f"), 0) && !value_has_field_ttl(e));
    CHECK(!rdb_get_hash_deadline(e, BYTES("f"), (int64_t)1 << 48) && !value_has_field_ttl(e));
    CHECK(rdb_get_hash_deadline(e, BYTES("f"), 5) && value_has_field_ttl(e));
    value_free(e);
    rdb_source_free(&r);
}

UNIT_MAIN(T(hashes_without_deadlines), T(deadlines_of_fields_in_each_servers_way),
          T(values_behind_the_names_of_a_template), T(a_deadline_that_stands_by_itself))
