#include "persist/rdb_get.h"

#include "rdb.h"
#include "unit.h"

TEST(strings_in_each_encoding)
{
    static const struct rdb_case all[] = {
        {RDB_REDIS, RDB_STRING, "03'abc'", "string abc"},
        {RDB_REDIS, RDB_STRING, "4003'abc'", "string abc"}, /* a length of 14 bits */
        {RDB_REDIS, RDB_STRING, "8000000003'abc'", "string abc"},
        {RDB_REDIS, RDB_STRING, "810000000000000003'abc'", "string abc"},
        {RDB_REDIS, RDB_STRING, "c0 ff", "string -1"}, /* integers: 8, 16, 32 bits */
        {RDB_REDIS, RDB_STRING, "c1 0080", "string -32768"},
        {RDB_REDIS, RDB_STRING, "c2 00000080", "string -2147483648"},
        /* LZF, 5 bytes for 10: 'a' as it is, then 9 bytes from 1 back */
        {RDB_REDIS, RDB_STRING, "c3 05 0a 00'a' e00000", "string aaaaaaaaaa"},
        {RDB_REDIS, RDB_STRING, "c4", "! Unknown RDB string encoding type 4"},
        {RDB_REDIS, RDB_STRING, "82", "! Unknown length encoding 130"},
        {RDB_REDIS, RDB_STRING, "c3 02 0a 00'a'", "! Invalid LZF"},
    };
    CHECK(RDB_CASES_HOLD(all));
}

TEST(lists_of_each_version)
{
    static const struct rdb_case all[] = {
        /* n strings */
        {RDB_REDIS, RDB_OLD_LIST, "02 01'a' c005", "list a 5"},
        /* one ziplist: 'a', 5 */
        {RDB_REDIS, RDB_OLD_LIST_ZIPLIST, "10 10000000 0d000000 0200 00 01'a' 03 f6 ff",
         "list a 5"},
        /* n ziplists */
        {RDB_REDIS, RDB_OLD_LIST_ZIPLISTS,
         "02 0e 0e000000 0a000000 0100 00 01'a' ff 0e 0e000000 0a000000 0100 00 01'b' ff",
         "list a b"},
        /* n nodes: a pack of 'a' and 5, then a plain one */
        {RDB_REDIS, RDB_LIST, "02 02 0c 0c000000 0200 81'a'02 0501 ff 01 03'xyz'", "list a 5 xyz"},
        {RDB_REDIS, RDB_LIST, "00", "empty"},
        {RDB_REDIS, RDB_LIST, "01 03 01'a'", "! Damaged list node"},
        {RDB_REDIS, RDB_LIST, "01 02 01'a'", "! Damaged list node"},
        {RDB_REDIS, RDB_OLD_LIST, "c005 01'a'", "! Unexpected encoded length"},
    };
    CHECK(RDB_CASES_HOLD(all));
}

TEST(sets_of_each_version)
{
    static const struct rdb_case all[] = {
        {RDB_REDIS, RDB_SET, "02 01'a' 01'b'", "set a b"},
        /* width 4 | count 4 | integers */
        {RDB_REDIS, RDB_INTSET, "0c 02000000 02000000 ffff 0100", "set -1 1"},
        {RDB_REDIS, RDB_INTSET, "0c 04000000 01000000 00000080", "set -2147483648"},
        {RDB_REDIS, RDB_INTSET, "10 08000000 01000000 ffffffffffffff7f", "set 9223372036854775807"},
        {RDB_REDIS, RDB_INTSET, "10 08000000 01000000 00000000000000c0",
         "set -4611686018427387904"},
        {RDB_REDIS, RDB_SET_PACK, "0c 0c000000 0200 81'a'02 0501 ff", "set a 5"},
        {RDB_REDIS, RDB_SET, "00", "empty"},
        {RDB_REDIS, RDB_INTSET, "08 02000000 00000000", "empty"},
        {RDB_REDIS, RDB_SET, "02 01'a' 01'a'", "! Set member stands twice"},
        {RDB_REDIS, RDB_INTSET, "0b 03000000 01000000 000000", "! Damaged set of integers"},
        {RDB_REDIS, RDB_INTSET, "0a 02000000 02000000 ffff", "! Damaged set of integers"},
        {RDB_REDIS, RDB_SET_PACK, "0c 0c000000 0200 81'a'02 0502 fe", "! Damaged set"},
    };
    CHECK(RDB_CASES_HOLD(all));
}

TEST(sorted_sets_of_each_version)
{
    static const struct rdb_case all[] = {
        /* scores as text with its length in front, or as a mark */
        {RDB_REDIS, RDB_OLD_ZSET, "02 01'a' 03'1.5' 01'b' fe", "zset a=1.5 b=inf"},
        {RDB_REDIS, RDB_OLD_ZSET, "01 01'a' ff", "zset a=-inf"},
        {RDB_REDIS, RDB_ZSET, "01 01'a' 000000000000f83f", "zset a=1.5"},
        {RDB_REDIS, RDB_ZSET_PACK, "0c 0c000000 0200 81'a'02 0501 ff", "zset a=5"},
        {RDB_REDIS, RDB_OLD_ZSET_ZIPLIST, "10 10000000 0d000000 0200 00 01'a' 03 f6 ff",
         "zset a=5"},
        {RDB_REDIS, RDB_ZSET, "00", "empty"},
        {RDB_REDIS, RDB_OLD_ZSET, "01 01'a' fd", "! Score is not a number"},
        {RDB_REDIS, RDB_ZSET, "01 01'a' 000000000000f87f", "! Score is not a number"},
        {RDB_REDIS, RDB_OLD_ZSET, "01 01'a' 01'x'", "! Score is not a number"},
        {RDB_REDIS, RDB_OLD_ZSET, "02 01'a' 01'1' 01'a' 01'2'", "! Sorted set member stands twice"},
        {RDB_REDIS, RDB_ZSET_PACK, "0a 0a000000 0100 81'a'02 ff", "! Damaged sorted set"},
        {RDB_REDIS, 99, "01'a'", "! not known"},
    };
    CHECK(RDB_CASES_HOLD(all));
}

UNIT_MAIN(T(strings_in_each_encoding), T(lists_of_each_version), T(sets_of_each_version),
          T(sorted_sets_of_each_version))
