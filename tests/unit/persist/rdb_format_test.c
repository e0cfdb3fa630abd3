#include "persist/rdb_format.h"

#include "unit.h"

#include <string.h>

/* The same number is a type of ours in one server's files and a foreign one in another's. */
TEST(unsupported_types_depend_on_the_writer)
{
    CHECK(strcmp(rdb_format_foreign(RDB_REDIS, RDB_ARRAY), "a Redis array") == 0);
    CHECK(!rdb_format_foreign(RDB_VALKEY, RDB_ARRAY));
    CHECK(!rdb_format_foreign(RDB_REDIS, RDB_TEMPLATE_HASH_PACK_ID));
    CHECK(strstr(rdb_format_foreign(RDB_DRAGONFLY, RDB_DRAGONFLY_JSON), "JSON"));
    CHECK(!rdb_format_foreign(RDB_DRAGONFLY, RDB_DRAGONFLY_HASH));
    CHECK(rdb_format_foreign(RDB_DRAGONFLY, RDB_DRAGONFLY_LAST));
    CHECK(!rdb_format_foreign(RDB_DRAGONFLY, RDB_DRAGONFLY_LAST + 1));
    CHECK(strstr(rdb_format_foreign(RDB_REDIS, RDB_KEYDB_CRON), "cron"));
    for (unsigned dialect = RDB_REDIS; dialect <= RDB_DRAGONFLY; dialect++)
        CHECK(rdb_format_foreign(dialect, RDB_MODULE) &&
              rdb_format_foreign(dialect, RDB_MODULE_OLD) &&
              !rdb_format_foreign(dialect, RDB_STREAM));
}

TEST(opcodes_of_others_are_named)
{
    CHECK(strstr(rdb_format_foreign_opcode(RDB_REDIS, RDB_ENTERPRISE_LEAST), "Enterprise"));
    CHECK(strstr(rdb_format_foreign_opcode(RDB_REDIS, RDB_ENTERPRISE_MOST), "Enterprise"));
    CHECK(!rdb_format_foreign_opcode(RDB_REDIS, RDB_ENTERPRISE_MOST + 1));
    CHECK(!rdb_format_foreign_opcode(RDB_REDIS, RDB_DRAGONFLY_LEAST));
    CHECK(strstr(rdb_format_foreign_opcode(RDB_DRAGONFLY, RDB_DRAGONFLY_LEAST), "Dragonfly"));
    CHECK(strstr(rdb_format_foreign_opcode(RDB_VALKEY, RDB_FUNCTION_CANDIDATE), "7.0"));
}

/* Nine characters of six bits, the first one highest, above ten bits of a version. */
TEST(names_of_modules_are_unpacked)
{
    char name[10], meta[5];
    rdb_format_module_name(0, name);
    CHECK(strcmp(name, "AAAAAAAAA") == 0);
    rdb_format_module_name(1ull << 58 | 62 << 10 | 1023, name);
    CHECK(strcmp(name, "BAAAAAAA-") == 0);
    rdb_format_module_name(~0ull, name);
    CHECK(strcmp(name, "_________") == 0);
    /* Four characters above eight bits; the last two of the alphabet are the other way round. */
    rdb_format_meta_name(26u << 26 | 62u << 8, meta);
    CHECK(strcmp(meta, "aAA_") == 0);
    rdb_format_meta_name(~0u, meta);
    CHECK(strcmp(meta, "----") == 0);
}

UNIT_MAIN(T(unsupported_types_depend_on_the_writer), T(opcodes_of_others_are_named),
          T(names_of_modules_are_unpacked))
