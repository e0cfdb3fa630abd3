#include "persist/rdb_put_stream.h"

#include "persist/rdb_format.h"
#include "rdb.h"
#include "unit.h"

static const struct stream_log_policy policy = {100, 4096, 2};

static bool unowned = true;

static bool is_written(const struct stream *s, int version, const char *hex)
{
    struct rdb_sink to = {.fd = -1, .version = version};
    rdb_put_stream(&to, s, unowned);
    bool good = bytes_equal(buf_bytes(&to.out), rdb_hex(hex));
    if (!good) {
        printf("# written");
        for (size_t i = 0; i < to.out.n; i++)
            printf(" %02x", (unsigned char)to.out.p[i]);
        printf("\n");
    }
    rdb_sink_free(&to);
    return good;
}

TEST(a_stream_without_entries_keeps_its_counters)
{
    struct stream *s = stream_new(rdb_streams(), 100, 100);
    s->last_id = (struct stream_id){7, 1};
    s->max_deleted = (struct stream_id){6, 0};
    s->added = 9;
    /* no node | length 0 | last 7-1 | first 0-0 | deleted 6-0 | added 9 | no group */
    CHECK(is_written(s, 10, "00 00 0701 0000 0600 09 00"));
    stream_free(s);
}

/* The first live entry names the fields; others with the same ones only give values. */
TEST(entries_share_the_names_of_the_first_one)
{
    struct stream *s = stream_new(rdb_streams(), 100, 100);
    struct bytes same[] = {BYTES("f"), BYTES("v")}, other[] = {BYTES("g"), BYTES("w")};
    stream_append(s, (struct stream_id){1, 0}, same, 1, &policy);
    stream_append(s, (struct stream_id){1, 1}, same, 1, &policy);
    stream_append(s, (struct stream_id){2, 0}, other, 1, &policy);
    stream_append(s, (struct stream_id){3, 0}, same, 1, &policy);
    stream_delete(s, (struct stream_id){3, 0});
    /* 1 node: ID 1-0, pack: 3 live, 0 deleted, 1 field 'f', 0;
     * flags 2, +0-0, 'v', 4; flags 2, +0-1, 'v', 4; flags 0, +1-0, 1 field, 'g', 'w', 6 */
    CHECK(is_written(s, 10,
                     "01 10 00000000000000010000000000000000 "
                     "38 38000000 1600 0301 0001 0101 81'f'02 0001 "
                     "0201 0001 0001 81'v'02 0401 0201 0001 0101 81'v'02 0401 "
                     "0001 0101 0001 0101 81'g'02 81'w'02 0601 ff "
                     "03 0300 0100 0300 04 00"));
    stream_free(s);
}

#define ID_1 "00000000000000010000000000000000 "
#define ID_2 "00000000000000020000000000000000 "

/* The group knows times and counts of what is owned, each consumer its own IDs. */
TEST(pending_entries_are_listed_twice)
{
    struct stream *s = stream_new(rdb_streams(), 100, 100);
    struct stream_group *g = stream_add_group(s, BYTES("g"), STREAM_ID_MIN, -1);
    struct stream_consumer *c = stream_group_add_consumer(g, BYTES("c"), 3);
    s->last_id = (struct stream_id){2, 0};
    stream_group_restore(g, (struct stream_id){1, 0}, c, 5, 2);
    c->active_ms = 4;
    static const char *const text[] = {
        /* one owned: ID, time 5, count 2; one consumer: seen 3 */
        "00 00 0200 0000 0000 00 01 01'g' 0000 81ffffffffffffffff 01" ID_1
        "0500000000000000 02 01 01'c' 0300000000000000 01" ID_1,
        /* the same with its active time */
        "00 00 0200 0000 0000 00 01 01'g' 0000 81ffffffffffffffff 01" ID_1
        "0500000000000000 02 01 01'c' 0300000000000000 0400000000000000 01" ID_1,
    };
    CHECK(is_written(s, 10, text[0]) && is_written(s, 11, text[1]));
    /* A released entry has no place there: it is a made-up consumer's, or in neither list (DUMP).
     */
    stream_group_restore(g, (struct stream_id){2, 0}, NULL, 0, 1);
    static const char *const with[] = {
        "00 00 0200 0000 0000 00 01 01'g' 0000 81ffffffffffffffff 02" ID_1
        "0500000000000000 02" ID_2 "0000000000000000 01 02 01'c' 0300000000000000 01" ID_1
        "10'millrace-unowned' 0000000000000000 01" ID_2,
        "00 00 0200 0000 0000 00 01 01'g' 0000 81ffffffffffffffff 02" ID_1
        "0500000000000000 02" ID_2
        "0000000000000000 01 02 01'c' 0300000000000000 0400000000000000 01" ID_1
        "10'millrace-unowned' 0000000000000000 ffffffffffffffff 01" ID_2,
    };
    CHECK(is_written(s, 10, with[0]) && is_written(s, 11, with[1]));
    unowned = false;
    CHECK(is_written(s, 10, text[0]) && is_written(s, 11, text[1]));
    unowned = true;
    /* Somebody's consumer of that name gets them beside its own. */
    stream_group_remove_consumer(g, c);
    c = stream_group_add_consumer(g, BYTES("millrace-unowned"), 3);
    stream_group_restore(g, (struct stream_id){1, 0}, c, 5, 2);
    CHECK(is_written(s, 10,
                     "00 00 0200 0000 0000 00 01 01'g' 0000 81ffffffffffffffff 02" ID_1
                     "0500000000000000 02" ID_2
                     "0000000000000000 01 01 10'millrace-unowned' 0300000000000000 02" ID_1 ID_2));
    stream_free(s);
}

UNIT_MAIN(T(a_stream_without_entries_keeps_its_counters),
          T(entries_share_the_names_of_the_first_one), T(pending_entries_are_listed_twice))
