#include "persist/rdb_skip.h"

#include "rdb.h"
#include "unit.h"

/* "good", or why not; each cut must fail with a reason. */
static const char *skipped(enum rdb_dialect dialect, unsigned type, const char *hex)
{
    static char text[200];
    struct bytes data = rdb_hex(hex);
    char what[96];
    for (size_t n = 0; n <= data.n; n++) {
        char *exact = malloc(n ? n : 1);
        memcpy(exact, data.p, n);
        struct rdb_source r = rdb_source_of(bytes_of(exact, n));
        r.dialect = dialect;
        bool good = rdb_skip_value(&r, type, what, sizeof(what));
        snprintf(text, sizeof(text), "%s", good ? what : r.error);
        bool wrong = good ? n < data.n || r.p != r.end : !r.failed || !r.error[0];
        rdb_source_free(&r);
        free(exact);
        if (wrong)
            return good ? "too early" : "no reason";
    }
    return text;
}

#define STARTS(x, want) (strncmp(x, want, strlen(want)) == 0)

TEST(values_without_a_counterpart_are_passed)
{
    /* id 0 | signed 5 | unsigned 6 | float | double | string | end */
    CHECK(STARTS(
        skipped(RDB_REDIS, RDB_MODULE, "00 0105 0206 03 00000000 04 0000000000000000 05 01'x' 00"),
        "a value of the module type AAAAAAAAA"));
    /* 2 elements, no insertion point: 0 a string, 1 eight bytes */
    CHECK(STARTS(skipped(RDB_REDIS, RDB_ARRAY, "02 00 00 00 01'a' 01 01 0000000000000000"),
                 "a Redis array"));
    CHECK(STARTS(skipped(RDB_REDIS, RDB_ARRAY, "00 01 05"), "a Redis array"));
    CHECK(STARTS(skipped(RDB_REDIS, RDB_GCRA, "4040"), "a Redis rate limiter"));
    CHECK(STARTS(skipped(RDB_DRAGONFLY, RDB_DRAGONFLY_SET, "01 01'a' c005"), "a Dragonfly set"));
    /* script, two moments, 1 key, no arguments */
    CHECK(STARTS(
        skipped(RDB_REDIS, RDB_KEYDB_CRON, "01's' 00000000000000000000000000000000 01 01'k' 00"),
        "a KeyDB cron job"));
}

TEST(damaged_and_unskippable_values_are_rejected)
{
    CHECK(STARTS(skipped(RDB_REDIS, RDB_MODULE, "00 06"), "Damaged field of a module"));
    CHECK(STARTS(skipped(RDB_REDIS, RDB_ARRAY, "01 00 00 04"), "Damaged array"));
    CHECK(strstr(skipped(RDB_REDIS, RDB_MODULE_OLD, ""), "cannot be read past"));
    CHECK(strstr(skipped(RDB_DRAGONFLY, RDB_DRAGONFLY_JSON, ""), "cannot be read past"));
}

/* Twice the count would not fit into 64 bits. It was refused without a reason. */
TEST(a_count_that_cannot_be_has_a_reason)
{
    CHECK(STARTS(skipped(RDB_DRAGONFLY, RDB_DRAGONFLY_SET, "81ffffffffffffffff"), "Damaged set"));
}

/* module | when | part ... | end */
TEST(fields_of_modules_outside_of_keys)
{
    char name[10];
    bool empty;
    struct bytes nothing = rdb_hex("00 02 01 00"), something = rdb_hex("00 02 01 0105 00");
    struct rdb_source r = rdb_source_of(nothing);
    CHECK(rdb_skip_module_aux(&r, name, &empty) && empty && r.p == r.end);
    r = rdb_source_of(something);
    CHECK(rdb_skip_module_aux(&r, name, &empty) && !empty && r.p == r.end);
    CHECK(strcmp(name, "AAAAAAAAA") == 0);
}

struct heard {
    int n, harmless;
    char name[5];
};

static void hear(void *context, const char *name, bool harmless)
{
    struct heard *h = context;
    h->n++;
    h->harmless += harmless;
    snprintf(h->name, sizeof(h->name), "%s", name);
}

/* classes | (name and flags 4 | part ... | end) ... */
TEST(metadata_of_keys_are_told_by_class)
{
    struct heard h = {0};
    struct bytes data = rdb_hex("02 01000068 0105 00 00000068 00");
    struct rdb_source r = rdb_source_of(data);
    CHECK(rdb_skip_key_meta(&r, hear, &h) && r.p == r.end);
    CHECK(h.n == 2 && h.harmless == 1 && strcmp(h.name, "aAAA") == 0);
    for (size_t n = 0; n < data.n; n++) {
        r = rdb_source_of(bytes_of(data.p, n));
        CHECK(!rdb_skip_key_meta(&r, NULL, NULL) && r.failed);
    }
    r = rdb_source_of(rdb_hex("08"));
    CHECK(!rdb_skip_key_meta(&r, NULL, NULL) && STARTS(r.error, "Damaged metadata"));
}

TEST(as_many_parts_as_there_may_be)
{
    struct heard h = {0};
    /* An element of each kind; with and without an insertion point. */
    CHECK(STARTS(skipped(RDB_REDIS, RDB_ARRAY, "02 01 07 00 02 0000000000000000 01 03 01'z'"),
                 "a Redis array"));
    CHECK(STARTS(skipped(RDB_DRAGONFLY, RDB_DRAGONFLY_SET, "00"), "a Dragonfly set"));
    CHECK(STARTS(skipped(RDB_REDIS, RDB_MODULE, "00 00"), "a value of the module type"));
    struct bytes data = rdb_hex("07 00000068 00 00000068 00 00000068 00 00000068 00 00000068 00 "
                                "00000068 00 01000068 00");
    struct rdb_source r = rdb_source_of(data);
    CHECK(rdb_skip_key_meta(&r, hear, &h) && r.p == r.end && h.n == 7 && h.harmless == 1);
    r = rdb_source_of(rdb_hex("00"));
    CHECK(rdb_skip_key_meta(&r, hear, &h) && r.p == r.end && h.n == 7);
    /* Cut within the module's number, its moment, its parts. */
    data = rdb_hex("00 02 01 0105 00");
    for (size_t n = 0; n < data.n; n++) {
        char name[10];
        bool empty;
        r = rdb_source_of(bytes_of(data.p, n));
        CHECK(!rdb_skip_module_aux(&r, name, &empty) && r.failed);
    }
}

UNIT_MAIN(T(values_without_a_counterpart_are_passed),
          T(damaged_and_unskippable_values_are_rejected), T(a_count_that_cannot_be_has_a_reason),
          T(fields_of_modules_outside_of_keys), T(metadata_of_keys_are_told_by_class),
          T(as_many_parts_as_there_may_be))
